target "app" {
  tags      = [["ghcr.io/acme/app:1"], {}]
  args      = "VERSION=1"
  platforms = { amd64 = true }
  context   = ["."]
  no-cache  = "perhaps"
  labels    = { a = [] }
  output    = [5]
  secret    = ["token"]
}
