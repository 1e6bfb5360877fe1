using System.Globalization;
using Sidestep.ConformanceTests.Cases;
using Sidestep.ConformanceTests.Xdp;
using Sidestep.Forwarding;

namespace Sidestep.ConformanceTests;

/// <summary>A director in a situation, and which real server each packet reaches: for claims about many packets, which no row can
/// make.</summary>
internal sealed class TestDirector
{
    private readonly IEngine _engine = Engines.Current.WithCleanState(Engines.OneArm);
    private readonly NamedCounters _before;
    private readonly Dictionary<string, string> _serverByMac;
    private string _changes = "{}";
    private ForwardingTables? _tables;

    /// <summary>Starts with these changes to the defaults of the table.</summary>
    public TestDirector(string changes)
    {
        _serverByMac = new[] { "web1", "web2", "web3", "web6" }.ToDictionary(
            static name => Convert.ToHexString(CaseTable.Names.Mac(CaseNode.Of("name", name))), static name => name);
        Change(changes);
        _before = NamedCounters.Of(_engine.ReadCounters());
    }

    /// <summary>Another situation from here on, as a change of the configuration of a running director.</summary>
    public void Change(string changes)
    {
        _changes = changes;
        var given = CaseTable.Given(_changes);
        _tables = TableCompiler.Compile(given.Configuration, given.NextHops, _tables, DateTimeOffset.UnixEpoch, _engine.ReadFlows);
        _engine.Apply(_tables);
    }

    /// <summary>What comes out for a frame of these layers.</summary>
    public byte[] Send(string layers)
    {
        var result = _engine.Trace(CaseTable.Frame(layers), 1);
        Assert.Equal(XdpAction.Transmit, result.Action);
        return result.Frame.ToArray();
    }

    /// <summary>What the program tells the driver.</summary>
    public XdpAction Action(string layers) => Action(CaseTable.Frame(layers));

    /// <summary>What becomes of a frame that is there already.</summary>
    public XdpAction Action(byte[] frame) => _engine.Trace(frame, 1).Action;

    /// <summary>The server of a packet at layer 2, by the Ethernet address that it is sent to.</summary>
    public string Server(string layers) => _serverByMac[Convert.ToHexString(Send(layers).AsSpan(0, 6))];

    /// <summary>The server of a connection's packet.</summary>
    /// <param name="client">The last byte of 203.0.113.0/24.</param>
    /// <param name="port">The client's.</param>
    /// <param name="flags">Of TCP.</param>
    public string Tcp(int client, int port, string flags = "A") => Server(string.Create(CultureInfo.InvariantCulture,
        $"[ipv4: {{from: 203.0.113.{client}}}, tcp: {{from: {port}, flags: {flags}}}]"));

    /// <summary>Counters since the director began, by name.</summary>
    public NamedCounters CountersSinceStart() => NamedCounters.Of(_engine.ReadCounters()).Since(_before);
}
