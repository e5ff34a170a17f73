# bakeplan plan --set app.args.NPM_TOKEN=hunter2
target "app" {
  tags      = ["ghcr.io/acme/app:1"]
  platforms = ["linux/amd64"]
}
