variable "TAG" {}

target "a" { args = { A = lower() } }
target "b" { args = { A = lower("a", "b") } }
target "c" { args = { A = "one" + 1 } }
target "d" { args = { A = [1, 2][5] } }
target "e" { args = { A = { one = 1 }.two } }
target "f" { args = { A = TAGG } }
target "g" { args = { A = target.none.tags } }
target "h" { args = { A = target.a.nothing } }
target "i" { args = { A = uper("x") } }
target "j" { args = { A = TAG ? 1 : 2 } }
target "k" { args = { A = [for x in 5 : x] } }
target "l" { args = { A = { for x in [1, 1] : "a" => x } } }
