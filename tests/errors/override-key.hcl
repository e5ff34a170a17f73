# bakeplan plan --set app.platfrom=linux/amd64
target "app" {
  tags = ["ghcr.io/acme/app:1"]
}
