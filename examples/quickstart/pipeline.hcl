# The main job on a small fixture: sign-ins come in, failures go out with fewer
# fields and a sentence for the help desk, as CSV and as JSON Lines.
#
#   logpipe plan
#   logpipe apply

source "file" "sign_ins" {
  paths = ["fixtures/sign_ins.jsonl"]
  log   = "sign_ins" # the schema: which fields there are, which of them are personal
  window {
    slice = "1d" # one durable unit of work per day, in UTC
  }
}

transform "filter" "failures" {
  from      = source.file.sign_ins
  condition = record.status.errorCode != 0
}

transform "select" "helpdesk" {
  from = transform.filter.failures
  keep = [
    "id",
    "createdDateTime",
    "userPrincipalName",
    "appDisplayName",
    "clientAppUsed",
    "ipAddress",
    "location.countryOrRegion",
    "status.errorCode",
  ]
}

transform "set" "advice" {
  from = transform.select.helpdesk
  fields = {
    reason = errorcode(record.status.errorCode).reason
    advice = errorcode(record.status.errorCode).advice
  }
}

sink "local" "helpdesk" {
  from   = transform.set.advice
  path   = "out/helpdesk/${slice.start.date}"
  format = "csv"
}

sink "local" "siem" {
  from   = transform.set.advice
  path   = "out/siem/${slice.start.year}/${slice.start.month}/${slice.name}"
  format = "jsonl"
}
