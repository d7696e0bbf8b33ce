# unknown
variable "raw" { type = bool }
variable "secret" {
  type      = string
  sensitive = true
}
locals {
  env  = "prod"
  loop = local.pool
  pool = local.loop
}

source "file" "many" {
  for_each = { a = "x", b = "y" }
  paths    = ["${each.key}/${each.value}/*.jsonl"]
}
source "file" "one" {
  paths = [var.rwa, local.evn, each.key, record.id, source.file.one, something]
}
source "file" "chain" {
  for_each = source.file.many
  paths    = [each.key, each.value]
}

transform "filter" "all" {
  from      = source.file.many
  condition = true
}
transform "filter" "nokeys" {
  from      = source.file.one["a"]
  condition = true
}
transform "filter" "nokey" {
  from      = source.file.many["c"]
  condition = true
}
transform "filter" "computed" {
  for_each  = { a = 1, z = 2 }
  from      = source.file.many[each.key]
  condition = true
}
transform "filter" "text" {
  from      = "${source.file.one}"
  condition = true
}
transform "filter" "json" {
  from      = jsonencode(source.file.one)
  condition = true
}
transform "filter" "quoted" {
  from      = "source.file.one"
  condition = true
}
transform "filter" "short" {
  from      = source.file
  condition = true
}
transform "filter" "good" {
  from      = var.raw ? source.file.one : transform.filter.kept
  condition = record.whatever == 1
}
transform "filter" "kept" {
  from      = values(source.file.many)
  condition = true
}
sink "local" "secret" {
  from = []
  path = "x/${var.secret}"
}
sink "local" "sink" {
  from = sink.local.secret
  path = "y/${slice.start.dat}/${slice.nam}/${slice.start}"
}
sink "local" "keys" {
  for_each = { (var.secret) = 1 }
  from     = []
  path     = "z/${each.key}"
}
