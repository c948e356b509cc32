import Foundation

/// A real number with up to `digits` significant digits, as short as it can be: `-0.0312`, `1.5e+20`.
func formatReal(_ value: Double, digits: Int = 5) -> String {
  String(format: "%.\(digits)g", value)
}
