logpipe {
  required_version = ">= 0.4"
  state "blob" {
    path = "x"
  }
}
logpipe {}
name = "x"
variable "v" {
  type = strin
}
variable "unset" {
  type = string
}
variable "checked" {
  default = 5
  validation {
    condition     = var.checked > 7
    error_message = "Too small: ${var.checked}."
  }
}
tenant "corp" {}
policy "p" {}
hold "h" {}
run "r" {}
resource "x" "y" {}
module "m" {}
sourc "file" "x" {}
filter "x" {}
source "file" {
  paths = ["x"]
}
source "file" "2nd name" {
  paths = ["x"]
}
source "filter" "wrong_class" {}
source "file" "meta" {
  count      = 2
  depends_on = []
  paths      = ["x"]
  from       = []
  window     = {}
  lifecycle {}
}
source "file" "values" {
  paths = []
  log   = "sign_in"
  window {
    slice = "1 hour"
    start = "yesterday"
  }
  window {
    slice = "1h"
  }
  windw {}
}
moved {
  from = source.file.old
  to   = source.file.valus
}
moved {
  from = source.file.values
  to   = source.file.meta
}
removed {
  from = sink.local.gone
}
removed {
  from      = "sink.local.gone"
  retention = "delete"
}
