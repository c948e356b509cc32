import Testing

@testable import Debugger

@Suite struct SliceTests {
  @Test func readsNamesAndSlices() throws {
    #expect(Slice.split("ffn_norm-3")?.slice == nil)
    let slice = try #require(Slice.split("ffn_norm-3[0..8]"))
    #expect(slice.name == "ffn_norm-3")
    #expect(slice.slice?.parts == [.range(0, 8)])
    #expect(Slice.split("a[2, 0..<8]")?.slice?.parts == [.index(2), .range(0, 8)])
    #expect(Slice.split("a[..]")?.slice?.parts == [.range(nil, nil)])
    #expect(Slice.split("a[5..]")?.slice?.parts == [.range(5, nil)])
    #expect(Slice.split("a[2, 5]@4")?.slice?.parts == [.index(2), .range(5, 9)])
    let head = try #require(Slice.split("a[head=2, token=1, 0..8]")?.slice)
    #expect(head.head == 2 && head.rows == .index(1) && head.parts == [.range(0, 8)])
  }

  @Test(arguments: [
    "a[", "a[]", "a[x]", "a[1", "a[1,2,3]", "a[1]b", "a[1..x]", "a[1,]",
    "a[1]@", "a[1]@0", "a[0..2]@3", "a[1]@9999999999999999999", "a[9223372036854775807]@1",
    "a[head=x]", "a[head=1, head=2]", "a[arm=1]", "a[row=1, 2, 3]", "a[=1]",
  ])
  func refusesWhatIsNoSlice(text: String) {
    #expect(Slice.split(text) == nil)
  }

  @Test(arguments: [
    (Slice.Part.index(-1), false), (.index(0), true), (.index(9), true), (.index(10), false),
    (.range(0, 10), true), (.range(0, 11), false), (.range(4, 3), false), (.range(4, 4), true),
    (.range(-1, 3), false), (.range(nil, nil), true), (.range(.max, .max), false),
  ])
  func staysWithinTheValues(part: Slice.Part, fits: Bool) {
    let indices = try? Slice.indices(part, count: 10, slice: "[…]", name: "a")
    #expect((indices != nil) == fits)
    if let indices { #expect(indices.lowerBound >= 0 && indices.upperBound <= 10) }
  }
}
