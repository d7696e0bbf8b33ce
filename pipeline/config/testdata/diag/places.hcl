source "file" "a" {
  paths = ["x"]
  log   = "sign_ins"
}
transform "filter" "left" {
  from      = source.file.a
  condition = record.status.errorCode == 0
}
transform "filter" "right" {
  from      = source.file.a
  condition = record.status.errorCode != 0
}
sink "local" "both" {
  from = [transform.filter.left, transform.filter.right]
  path = "both/${slice.name}"
}
sink "local" "inner" {
  from = source.file.a
  path = "both/inner/${slice.name}"
}
sink "local" "keys" {
  for_each = toset(["p", "q"])
  from     = source.file.a
  path     = "keys/${slice.name}/${each.key}"
}
transform "select" "fields" {
  from = transform.filter.left
  keep = ["id", "status.errorCod", "a..b"]
  dynamic "rule" {
    for_each = { drop = ["id"], burn = ["id"] }
    labels   = [rule.key]
    content {
      fields = rule.value
    }
  }
}
