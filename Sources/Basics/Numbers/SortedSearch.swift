import Algorithms

extension RandomAccessCollection {
  /// The first index whose element `isAfter` what is looked for, in a collection in which all that
  /// follow such an element are after it too; `endIndex` if there is none.
  ///
  /// - Complexity: O(log *n*) calls.
  @inlinable
  public func firstSortedIndex(
    where isAfter: (Element) throws -> Bool
  ) rethrows -> Index {
    try partitioningIndex(where: isAfter)
  }
}

extension Collection {
  /// The indices of the `count` elements with the largest keys, the largest first; of equal keys,
  /// the earlier first.
  ///
  /// - Complexity: O(*n* log *k*) comparisons.
  @inlinable
  public func indicesOfLargest<Key: Comparable>(
    _ count: Int, by key: (Element) -> Key
  ) -> [Index] {
    indices.max(count: Swift.max(count, 0)) { left, right in
      let (a, b) = (key(self[left]), key(self[right]))
      return a == b ? left > right : a < b
    }.reversed()
  }
}
