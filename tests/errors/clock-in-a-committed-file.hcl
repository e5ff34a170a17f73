# bakeplan bake -o committed.json
target "app" {
  tags      = ["ghcr.io/acme/app:${formatdate("YYYYMMDD", timestamp())}"]
  args      = { ID = uuidv4() }
  platforms = ["linux/amd64"]
}
