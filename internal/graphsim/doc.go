// Package graphsim is Microsoft Graph for one invented tenant, served over real
// HTTP on loopback: every log of the catalogue, with the service's manners and,
// where asked for, its faults. It needs no network, no credentials and no SDK,
// so any test may use it, and so may somebody who only wants to try a pipeline.
//
// # Records are computed, not stored
//
// Time is divided into seconds. How many records of a feed (a stream of a log)
// fall into a second, and all that stands in the n-th of them, is a pure
// function of the seed, the feed, the second and n. So a year of a large tenant
// takes no memory, any page can be made at once, and two tenants of the same
// Options agree in every byte. The id of a record is its key under a
// reversible mix, which is how a filter on id finds it without a search.
// Snapshots (risky users, reports) are tables whose rows are computed the same
// way, as they stand at an instant.
//
// The people have names in many scripts, home cities, devices and journeys;
// there are guests and deleted users, applications with a heavy head, a number
// of conditional-access policies that belongs to the tenant, second factors,
// risk detections that point at sign-ins, and once a week a password spray.
// Everything is invented; addresses come from ranges kept for documentation
// and benchmarks, names of organisations are fictional.
//
// # Words
//
//	feed    one ordered kind of record, such as the sign-ins of service principals
//	key     feed, second and number in the second: names a record
//	view    what the reader may see: API version, permissions, licence, instant
//	set     what one path of the API lists, made of one or more feeds or a table
//	fault   something that goes wrong, switched on alone in Faults and counted
//
// # Truth
//
// Truth returns what a read without faults of transport would give at an
// instant. Faults of data (late records, records changed in place, properties
// and enum members that no schema knows, a schema change) are part of the
// truth; faults of transport (cut bodies, dead skip tokens, throttling,
// duplicates, pages out of order) are not: they never lose a record for a
// reader who follows every nextLink to its end and starts again when a chain
// breaks.
//
// Only the standard library is used, and the schemas of this project.
package graphsim
