# bakeplan plan --set ap.platform=linux/amd64 --set *.args.A=1
target "app" {
  tags = ["ghcr.io/acme/app:1"]
}
