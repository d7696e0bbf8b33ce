number_text      = record.status.errorCode == "0"
number_word      = record.status.errorCode != "none"
text_number      = record.userPrincipalName == 7
bool_text        = record.isInteractive == "true"
enum_number      = record.userType == 1
time_number      = record.createdDateTime == 5
two_fields       = record.id == record.status.errorCode
list_text        = record.tags == "a"
in_loop          = [for p in record.policies : p.result == 1]
fine_null        = record.status.errorCode == null
fine_any         = record.extra == 1 || record.extra == "1"
fine_unknown     = record.id == var.unset
unknown_number   = record.status.errorCode == var.unset
order_time       = record.createdDateTime > "2026-01-01T00:00:00Z"
order_text       = record.userPrincipalName < "m"
order_const      = record.status.errorCode < "abc"
order_digits     = record.status.errorCode < "7"
order_bool       = record.isInteractive > 1
not_number       = !record.status.errorCode
and_number       = record.isInteractive && record.status.errorCode
and_text         = record.isInteractive && "yes"
plus_text        = record.id + record.status.errorCode
plus_const       = "a" + 1
minus_bool       = -record.isInteractive
if_number        = [for p in record.policies : p if record.status.errorCode]
for_text         = [for c in record.id : c]
template_list    = "${record.tags}, ${record.id}"
lower_list       = lower(record.tags)
join_text        = join(",", record.id)
contains_text    = contains(record.id, "a")
timecmp_number   = timecmp(record.status.errorCode, "2026-01-01T00:00:00Z") > 0
timecmp_const    = timecmp(record.createdDateTime, "yesterday") > 0
cidr             = cidrcontains("10.0.0.0", record.id)
conditional      = record.isInteractive ? record.tags : "none"
conditional_bool = record.isInteractive ? record.status.errorCode : true
few              = startswith(record.id)
many             = lower(record.id, record.id)
has_none         = has()
regex_bad        = regex("(", record.id)
constant_fails   = record.id == tonumber("x")
constant_tried   = try(tonumber("x"), record.status.errorCode)
file_of_record   = file(record.id)
file_outside     = file("../diagnostics_test.go")
condition_number = record.status.errorCode
condition_bool   = record.isInteractive
condition_any    = record.extra
condition_object = { a = 1 }
ten_at_once      = record.a == 1 && record.status.errorCode == "0" && record.id < 1 && nothing && lower()
