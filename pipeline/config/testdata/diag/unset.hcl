# unknown
variable "customers" { type = set(string) }
variable "env" { type = string }
variable "keep" { type = list(string) }
source "file" "c" {
  for_each = var.customers
  paths    = ["in/${each.key}/*.jsonl", var.env]
  log      = "sign_ins"
  window {
    slice = var.env
  }
}
transform "select" "c" {
  for_each = source.file.c
  from     = each.value
  keep     = var.keep
}
transform "filter" "c" {
  for_each  = var.customers
  from      = transform.select.c[each.key]
  condition = record.anything == var.env
}
sink "local" "c" {
  for_each = var.customers
  from     = transform.filter.c[each.key]
  path     = "out/${var.env}/${each.key}/${slice.name}"
  age      = var.env
}
sink "local" "d" {
  from = values(transform.filter.c)
  path = "out/${var.env}/${slice.name}"
}
