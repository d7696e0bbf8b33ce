// Package format turns bytes into records and records into bytes: JSON Lines,
// containers and arrays in; JSON Lines and CSV out; gzip and zstd both ways.
//
// # Reading
//
// A Reader looks at content, never at names. From outside to inside it finds:
//
//   - compression: gzip (several members are one text, zeros behind the last
//     are padding) or zstd (several frames likewise), bounded against bombs by
//     Limits: text of over 64 MiB that is over 300 times larger than what it was
//     packed into is refused, while logs pack 10 to 100 times;
//   - encoding: UTF-8 with or without a byte order mark, UTF-16 of either order
//     with or without one. A lone surrogate becomes the JSON escape \udxxx, which
//     says the same, so nothing is replaced;
//   - layout: Lines if the first record ends where its line ends, else Values.
//
// In Lines every line is a record; the line end (\n or \r\n) is not part of it,
// blank lines are nothing, the last line needs no end. In Values a record is one
// JSON value among others: objects one after the other or over several lines,
// the elements of an array, or the elements of a container. A container is an
// object whose first member that is no annotation (@odata.…, nextLink, count) is
// called value or records and holds an array of objects; what else it has is
// left out. Values may follow each other: several pages, or an array of pages.
// Line breaks outside strings are taken out of a record, all else stays byte for
// byte. The first 256 KiB decide the layout once for the whole text.
//
// Nothing is lost silently. Whether a record is a whole JSON object is found
// later, by record.Batch.Scan. What cannot even be delimited becomes a reject
// with offset, length and SHA-256: a record over MaxRecord, a record that the
// end of the text cuts off, a record with a line break inside a string (reading
// goes on at the next line that begins a value no deeper indented), and, with
// length 0, an array that the end of the text leaves open, because records may
// be missing after it. Compressed data that breaks off or is damaged is an error
// instead: it was not read whole.
//
// Memory does not grow with the text. A reader holds one record of at most
// MaxRecord bytes and a chunk of 256 KiB besides; of a longer record it keeps
// length and hash and lets go of the bytes, and of any number of blanks nothing.
// A zstd decoder keeps at most 128 MiB, the window that the zstd program itself
// takes unasked, in practice 8 MiB; a gzip decoder 32 KiB.
//
// Offsets count bytes of the text after decompression and as UTF-8, a UTF-8
// byte order mark included, so that in a plain file they are positions in it.
//
// # Writing
//
// An Encoding is compiled once per sink and makes a Writer per object. JSON
// Lines is each record's own bytes and \n. CSV is described at Encoding.
//
// klauspost/compress is used for both compressions: the standard library has no
// zstd, and its gzip costs half as much again.
package format
