# Every log of the catalogue, from a simulated tenant: no credentials, no
# network. Replace the simulate block by id and auth to read a real one.

tenant "demo" {
  simulate {
    seed  = 7
    users = 60
    start = "2026-11-02T00:00:00Z"
    days  = 1
  }
}

locals {
  events    = ["sign_ins", "directory_audits", "provisioning", "custom_security_attribute_audits"]
  risks     = ["risk_detections", "service_principal_risk_detections"]
  snapshots = ["risky_users", "risky_service_principals", "user_registration_details", "service_principal_sign_in_activity", "app_credential_sign_in_activity", "application_sign_in_summary", "application_sign_in_detailed_summary", "risky_user_history"]
}

source "entra" "logs" {
  for_each = toset(concat(local.events, local.risks))
  tenant   = tenant.demo
  log      = each.key
  window {
    start  = "2026-11-02T00:00:00Z"
    slice  = "6h"
    settle = "15m"
  }
}

source "entra" "snapshots" {
  for_each = toset(local.snapshots)
  tenant   = tenant.demo
  log      = each.key
  window {
    slice = "1d"
  }
}

sink "local" "archive" {
  from        = concat(values(source.entra.logs), values(source.entra.snapshots))
  path        = "out/${slice.log}/${slice.name}"
  compression = "zstd"
}
