# bakeplan print
target "default" {
  context    = { a = 1 }[0].b
  tags       = { a = 1 }
  args       = [for x in [{ a = 1 }] : -x]
  platforms  = true ? { a = 1 } : "b"
  dockerfile = "${{ a = 1 }}-x"
  labels     = { a = { b = 1 } }
  network    = upper({ a = 1 })
}
