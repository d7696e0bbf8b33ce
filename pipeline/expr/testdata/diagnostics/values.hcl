try_field          = try(record.status.errorCode, 0)
try_function       = try(tonumber(record.id), 0)
can_field          = can(record.status.errorCode)
can_regex          = can(regex("^adm", record.userPrincipalName))
can_regex_guarded  = has(record.userPrincipalName) && can(regex("^adm", record.userPrincipalName))
secret             = var.key
secret_template    = "x${var.key}"
secret_object      = { a = var.key }
secret_choice      = record.isInteractive ? var.key : "x"
condition_secret   = record.id == var.key
condition_has      = contains([var.key], record.id)
hmac_key           = hmac(var.key, record.id)
hmac_text          = hmac("key", var.key)
out_secret         = record.id == var.key
out_hmac           = hmac(var.key, record.id)
unknown_text       = "x-${var.unset}-${record.id}"
unknown_list       = contains(var.many, record.id)
unknown_loop       = [for x in var.many : x == record.id]
unknown_name       = [for x in var.many : record.idd]
unknown_compared   = record.statuss == var.unset
