// The weather of a simulation's links: what each fault does to which of them, what they do together, and what came across each.

/// The rules that are in force. Those that overlap compose; a rule that is lifted takes away what it did and nothing else.
struct LinkWeather {
    enum Scope {
        case everywhere
        /// All links from and to a machine, whoever else there is or comes.
        case machine(String)
        case link(VirtualNetwork.Link)
        /// All links between these machines and the others.
        case between(Set<String>)

        func covers(_ link: VirtualNetwork.Link) -> Bool {
            switch self {
            case .everywhere: link.from != link.to
            case .machine(let machine): link.from != link.to && (link.from == machine || link.to == machine)
            case .link(let one): link == one
            case .between(let part): part.contains(link.from) != part.contains(link.to)
            }
        }
    }

    private struct Rule {
        let number: Int
        let scope: Scope
        let weather: VirtualNetwork.Weather
        var struck = 0
    }

    private var rules: [Rule] = []
    private var rulesMade = 0
    /// Of the links that were asked for since a rule came or went.
    private var known: [VirtualNetwork.Link: VirtualNetwork.Weather] = [:]

    /// Whether no rule is in force: then no link has any weather.
    var isFair: Bool { rules.isEmpty }

    /// What all rules do to a link. O(1), and O(rules) the first time.
    mutating func weather(of link: VirtualNetwork.Link) -> VirtualNetwork.Weather {
        // Most of the time there is none, and looking costs two names' hashes.
        guard !rules.isEmpty else { return VirtualNetwork.Weather() }
        if let known = known[link] { return known }
        var weather = VirtualNetwork.Weather()
        for rule in rules where rule.scope.covers(link) { weather.add(rule.weather) }
        known[link] = weather
        return weather
    }

    /// Puts a rule into force.
    /// - Returns: the number by which it is lifted.
    mutating func impose(_ scope: Scope, _ weather: VirtualNetwork.Weather) -> Int {
        rulesMade += 1
        rules.append(Rule(number: rulesMade, scope: scope, weather: weather))
        known = [:]
        return rulesMade
    }

    mutating func lift(_ number: Int) {
        rules.removeAll { $0.number == number }
        known = [:]
    }

    /// Something came across the link: the rules that had a part in it are told.
    mutating func struck(_ link: VirtualNetwork.Link, by hasPart: (VirtualNetwork.Weather) -> Bool) {
        for place in rules.indices where rules[place].scope.covers(link) && hasPart(rules[place].weather) {
            rules[place].struck += 1
        }
    }

    /// Messages and connection attempts that a rule in force delayed or held up.
    func struck(_ number: Int) -> Int {
        rules.first { $0.number == number }?.struck ?? 0
    }
}

extension VirtualNetwork {
    /// What a link does beyond its ordinary delay.
    struct Weather: Equatable {
        var isCut = false
        /// Of messages: the share that TCP has to send again.
        var lossShare = 0.0
        var extraDelayNs: Int64 = 0
        /// Up to so much more, each message for itself.
        var jitterNs: Int64 = 0

        /// Both at once: either loses a message by itself, delays add up.
        mutating func add(_ other: Weather) {
            isCut = isCut || other.isCut
            lossShare = 1 - (1 - lossShare) * (1 - other.lossShare)
            extraDelayNs += other.extraDelayNs
            jitterNs += other.jitterNs
        }
    }

    struct Link: Hashable {
        let from: String
        let to: String
    }
}
