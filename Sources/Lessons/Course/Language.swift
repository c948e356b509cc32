import Foundation

/// A language that lessons are written in.
public enum Language: String, CaseIterable, Codable, Sendable {
  case english = "en"
  case simplifiedChinese = "zh-Hans"

  /// The language of a name as locales and people write it: `zh_CN.UTF-8`, `zh-Hans`, `en`.
  public init?(_ name: String) {
    let word = name.lowercased().prefix { $0.isLetter }
    switch word {
    case "en", "c", "posix": self = .english
    case "zh": self = .simplifiedChinese
    default: return nil
    }
  }

  /// The language of the environment: of `LC_ALL`, else of `LC_MESSAGES`, else of `LANG`.
  public static func of(environment: [String: String]) -> Language {
    let locale = ["LC_ALL", "LC_MESSAGES", "LANG"].lazy.compactMap { environment[$0] }
      .first { !$0.isEmpty }
    return locale.flatMap { Language($0) } ?? .english
  }
}
