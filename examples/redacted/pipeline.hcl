# Failed sign-ins for a help desk outside of the security team: identities are
# pseudonyms, addresses lose their last bits, and what no schema knows is
# searched for personal data.
#
#   export LOGPIPE_VAR_pseudonym_key=$(logpipe keygen)
#   logpipe plan

variable "pseudonym_key" {
  type      = string
  sensitive = true
}

tenant "demo" {
  simulate {
    seed  = 7
    users = 100
    start = "2026-11-02T00:00:00Z"
    days  = 1
  }
}

source "entra" "sign_ins" {
  tenant = tenant.demo
  log    = "sign_ins"
  events = ["interactive_user", "non_interactive_user"]
  window {
    start = "2026-11-02T00:00:00Z"
    slice = "4h"
  }
}

transform "filter" "failures" {
  from      = source.entra.sign_ins
  condition = record.status.errorCode != 0
}

transform "redact" "helpdesk" {
  from = transform.filter.failures
  key {
    id     = "2026-11"
    secret = var.pseudonym_key
  }
  default = "by_class"
  unknown = "scan"
  rule "truncate_ip" {
    fields    = ["ipAddress"]
    ipv4_bits = 24
    ipv6_bits = 48
  }
  rule "drop" { fields = ["location.geoCoordinates", "deviceDetail.displayName"] }
}

sink "local" "helpdesk" {
  from   = transform.redact.helpdesk
  path   = "out/${slice.start.date}/${slice.name}"
  format = "jsonl"
}
