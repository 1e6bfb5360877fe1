using Sidestep.ConformanceTests.Xdp;
using Sidestep.Engine.Xdp;
using Sidestep.Forwarding;

namespace Sidestep.ConformanceTests.Engine;

/// <summary>What does not fit is refused with the numbers, and changes nothing.</summary>
[Collection(OneAtATime.Name)]
public sealed class CapacityTests : IDisposable
{
    private readonly XdpEngine _engine = XdpEngine.LoadDetached();

    public void Dispose() => _engine.Dispose();

    [Fact]
    public void Services() => Refused(
        Tables.Compile([Tables.Pool("p", "s1")], Enumerable.Range(1, 4097).Select(static i => Tables.Service($"v{i}", "p", port: i))),
        "4097 services, 4096 fit");

    [Fact]
    public void Servers() => Refused(
        Tables.Compile([Tables.Pool("p", 65521, [.. Enumerable.Range(1, 16384).Select(static i => ($"s{i}", 1))])], [Tables.Service("v", "p")]),
        "16384 real servers", "16383 fit");

    [Fact]
    public void Slots() => Refused(
        Tables.Compile(
            Enumerable.Range(0, 33).Select(static i => Tables.Pool($"p{i}", 262139, ("s1", 1))),
            Enumerable.Range(0, 33).Select(static i => Tables.Service($"v{i}", $"p{i}", port: i + 1))),
        $"{33 * 262139} slots in all slot tables", $"{8192 * 1024} fit");

    /// <summary>A full house changes all its guests in one step.</summary>
    [Fact]
    public void WhatIsBeingRemovedLeavesItsPlace()
    {
        ForwardingTables Full(string name) => Tables.Compile([Tables.Pool("p", "s1")], Enumerable.Range(1, 4096).Select(i => Tables.Service(name + i, "p", port: i)));
        _engine.Apply(Full("a"));
        _engine.Apply(Full("b"));
        Assert.Equal(4096, _engine.ReadCounters().Services.Count);
        Assert.All(_engine.ReadCounters().Services, static s => Assert.StartsWith("b", s.Key, StringComparison.Ordinal));
    }

    private void Refused(ForwardingTables tables, params string[] words)
    {
        _engine.Apply(Tables.Compile([Tables.Pool("former", "s1")], [Tables.Service("former", "former", port: 9)]));
        var error = Assert.Throws<EngineException>(() => _engine.Apply(tables));
        Assert.All(words, w => Assert.Contains(w, error.Message, StringComparison.Ordinal));
        Assert.Contains("docs/limits.md", error.Message, StringComparison.Ordinal);
        Assert.Equal(XdpAction.Transmit, _engine.Trace(Tables.Datagram(0xcb00_7101, 9), Tables.InterfaceIndex).Action);
        Assert.Equal(["former"], _engine.ReadCounters().Services.Keys);
    }
}
