field            = record.statuss.errorCode == 0
nested           = record.status.errorcode == 0
elsewhere        = record.city == "Ulm"
in_for           = [for p in record.policies : p.displayname if p.reslt == "success"]
in_splat         = record.policies[*].displayNam
in_element       = record.policies[0].displaynam
in_nested_for    = [for p in record.policies : [for g in p.grants : g.x]]
unchecked        = record["anything"] == 1
unchecked_inside = record.status["anything"].more == 1
any              = record.extra.anything[0].at.all == 1
of_list          = record.policies.displayName == "x"
of_text          = record.id.x == "x"
of_json          = record.details.x == "x"
minus            = record.status.errorCode-1 > 0
two              = record.foo == record.bar
root             = recrod.id == "x"
root_local       = loacl.on
root_field       = userPrincipalName == "x"
root_slice       = slice.start.date == "x"
root_block       = source.entra.sign_ins == "x"
root_transform   = contains(["a"], transform.filter.failures)
attribute        = local.countires
attribute_var    = var.regions == "DE"
loop_variable    = [for policy in record.policies : polcy.displayName]
function         = startwith(record.id, "a")
function_other   = frobnicate(record.id)
function_impure  = timestamp()
code             = errorcode(record.status.errorCode).reson
index            = record.id[0]
index_object     = record.status[0]
index_fraction   = record.tags[1.5]
out_of_loop      = [for p in record.policies : 1 if true] == p
