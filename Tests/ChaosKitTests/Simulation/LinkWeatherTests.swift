// Faults of links that overlap.

import Testing

@testable import ChaosKit

@Suite("Weather of links") struct LinkWeatherTests {
    private let there = VirtualNetwork.Link(from: "a", to: "b")
    private let back = VirtualNetwork.Link(from: "b", to: "a")
    private let elsewhere = VirtualNetwork.Link(from: "c", to: "d")

    @Test func rulesThatOverlapAddUp() {
        var links = LinkWeather()
        _ = links.impose(.everywhere, .init(lossShare: 0.5, extraDelayNs: 10))
        _ = links.impose(.machine("a"), .init(lossShare: 0.5, extraDelayNs: 5, jitterNs: 7))
        #expect(links.weather(of: there) == .init(lossShare: 0.75, extraDelayNs: 15, jitterNs: 7))
        #expect(links.weather(of: back) == .init(lossShare: 0.75, extraDelayNs: 15, jitterNs: 7))
        #expect(links.weather(of: elsewhere) == .init(lossShare: 0.5, extraDelayNs: 10))
    }

    @Test func theEndOfOneRuleIsNotTheEndOfAnother() {
        var links = LinkWeather()
        let slow = links.impose(.everywhere, .init(extraDelayNs: 10))
        let cut = links.impose(.link(there), .init(isCut: true))
        let isolation = links.impose(.machine("a"), .init(isCut: true))
        links.lift(isolation)
        #expect(links.weather(of: there) == .init(isCut: true, extraDelayNs: 10))
        #expect(links.weather(of: back) == .init(extraDelayNs: 10))
        links.lift(cut)
        #expect(links.weather(of: there) == .init(extraDelayNs: 10))
        links.lift(slow)
        #expect(links.weather(of: there) == .init())
    }

    @Test func aSplitCutsWhatGoesFromOnePartToTheOther() {
        var links = LinkWeather()
        _ = links.impose(.between(["a", "c"]), .init(isCut: true))
        #expect(links.weather(of: there).isCut)
        #expect(links.weather(of: back).isCut)
        #expect(links.weather(of: elsewhere).isCut)
        #expect(!links.weather(of: VirtualNetwork.Link(from: "a", to: "c")).isCut)
        #expect(!links.weather(of: VirtualNetwork.Link(from: "b", to: "d")).isCut)
    }

    @Test func whatComesAcrossALinkCountsForThoseThatHadAPartInIt() {
        var links = LinkWeather()
        let slow = links.impose(.everywhere, .init(extraDelayNs: 10))
        let cut = links.impose(.machine("a"), .init(isCut: true))
        links.struck(there, by: \.isCut)
        links.struck(elsewhere) { $0.extraDelayNs > 0 }
        #expect(links.struck(cut) == 1)
        #expect(links.struck(slow) == 1)
    }
}
