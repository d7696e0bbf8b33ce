source "fil" "a" {
  paths = ["in/*.jsonl"]
}

source "file" "b" {
  paths = ["in/*.jsonl"]
  log   = "sign_ins"
  pahts = []
}

source "file" "c" {
  log = "sign_ins"
}

source "file" "d" {
  paths = true
  log   = "sign_ins"
}

transform "filter" "dangling" {
  from      = source.file.bb
  condition = record.status.errorCode != 0
}

source "file" "b" {
  paths = ["in/*.jsonl"]
}

transform "filter" "x" {
  from      = transform.filter.y
  condition = true
}

transform "filter" "y" {
  from      = transform.filter.x
  condition = record.anything == 1
}

transform "set" "steps" {
  from = source.file.b
  fields = {
    steps = [for s in record.steps : s.reslt if s.step != ""]
  }
}

transform "filter" "compare" {
  from      = source.file.b
  condition = record.userPrincipalName == 5
}

sink "local" "out" {
  path = "out/${slice.name}"
}

sink "local" "behind" {
  from = [source.file.a, source.file.d, transform.set.steps]
  path = "behind/${slice.name}"
}
