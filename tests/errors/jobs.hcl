# bakeplan matrix --format github
target "app" {
  matrix    = { number = range(300) }
  name      = "app-${number}"
  tags      = ["ghcr.io/acme/app:${number}"]
  platforms = ["linux/amd64"]
}
