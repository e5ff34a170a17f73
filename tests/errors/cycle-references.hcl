target "app" {
  args = target.web.args
}

target "web" {
  args = { BASE = target.app.args.BASE }
}
