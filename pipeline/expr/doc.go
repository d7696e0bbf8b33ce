// Package expr compiles an HCL expression once, so that it runs on every
// record over the record's own bytes.
//
// Words. A program is a compiled expression, a machine runs it and owns the
// scratch memory of one open slice. A node is a piece of a program: a pair of
// closures with its type, its class, its canonical text and, if no record has
// a say in it, its value. A reference is a node that is still a place in a
// record: it is extended step by step and becomes a slot of the layout when
// its value is taken, so only that is found which is read.
//
// Every node of hclsyntax is evaluated here, HCL's own evaluation is only the
// referee in tests. What is the same for all records is computed while
// compiling. Frequent functions are closures as well; the others are called
// through cty with values made for the call, and Interpreted names them.
//
// Missing and null are the same, and neither is an error:
//
//	== !=                          null is a value
//	< <= > >=, functions giving    false
//	a bool
//	! && || ?: if, a condition     null counts as false
//	arithmetic, templates, other   null
//	functions
//	.x [i], for and [*]            null, empty
//	coalesce                       skips null and ""
//	try, can                       see errors only
//
// So a function is not called at all with a null argument (the default of
// lookup may be null), and a call that fails because of a null inside a list
// gives what null gives. What has no such member or element has it missing, be
// it that it is no object at all. Elsewhere the result is HCL's: text is NFC,
// numbers are exact decimals, text that holds a number is one where a number is
// needed, both results of ?: become one type. Two things are wider than in HCL:
// lists and objects without a common type pass ?: as they are, and what stands
// in a record equals a list or map as well as a tuple or object.
//
// Types and classes come from the schema that reaches the expression. What the
// schema knows is checked while compiling: names, also inside for and [*], and
// what is compared with what. What it does not know is never an error. The
// class of a result is the highest of what is read for it. A sensitive value
// may be compared with and be the key of hmac; what else depends on it must
// not leave.
//
// Bounds. A value has at most 1,000,000 elements, at all depths, and 16 MiB of
// text; one call makes at most 100,000 elements of something small (setproduct,
// split); the loops of one evaluation take at most 1,000,000 rounds; a number
// that is written out has at most some 4,096 digits. What would go beyond is an
// error before it is made. All functions are called through a guard, which
// foresees that, makes panics short errors, and says nothing of arguments that
// are sensitive. A record's numbers keep all of their digits; where a function
// would round one (tonumber, jsondecode of more than 153 digits), it fails.
//
// Failures at run time say where and what was found, never a value of the
// record.
//
// Third parties: hcl and cty are the language; go-cty-funcs has some of
// Terraform's functions; levenshtein finds the nearest name; x/text makes NFC,
// as cty does. schema/logs explains error codes, which is why this package
// stands a floor above it.
package expr
