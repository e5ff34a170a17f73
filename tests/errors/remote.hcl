# bakeplan plan https://github.com/acme/app.git
target "app" {}
