using System.Collections.Immutable;
using System.Net;
using Sidestep.Control.AddressConflicts;
using Sidestep.Control.Agents;
using Sidestep.Daemon.AddressConflicts;
using Sidestep.Forwarding;
using Sidestep.Model;
using Sidestep.UnitTests.Control;

namespace Sidestep.UnitTests.Daemon.AddressConflicts;

public sealed class VipConflictDetectorTests
{
    private const string Director = "020000000002", Web1 = "020000000011", Router = "020000000001",
        Unknown = "020000000099";
    private readonly ManualTime _time = new();
    private readonly FakeFrames _frames = FakeFrames.Open();
    private readonly DrainOverlay _drains = new();
    private readonly TestLog _log = new();
    private readonly List<ImmutableArray<string>> _alarms = [];
    private readonly VipConflictDetector _detector;
    private ILookup<int, IPAddress> _linkLocal = new[] { (2, IPAddress.Parse("fe80::2")) }.ToLookup(static a =>
        a.Item1, static a => a.Item2);

    public VipConflictDetectorTests()
    {
        _detector = new VipConflictDetector(_frames, () => _linkLocal, _drains, _alarms.Add, _log.Log, _time);
        Update(TestDirector.Configuration);
    }

    [Fact]
    public void Every_VIP_is_requested_once_per_second()
    {
        Tick(20);
        Assert.Empty(_frames.Sent);
        Tick(20);
        Assert.Equal(["2001:db8:113::10", "203.0.113.10", "203.0.113.53"], Requested().Order(StringComparer.Ordinal));
        Assert.All(_frames.Sent, static s => Assert.Equal(2, s.Interface));
    }

    [Fact]
    public void Requests_on_demand_are_for_known_VIPs_only()
    {
        _detector.CheckNow([VrfAddress.Parse("203.0.113.53"), VrfAddress.Parse("192.0.2.1")]);
        Assert.Equal(["203.0.113.53"], Requested());
    }

    [Theory]
    [InlineData(true, "fe80::2")]
    [InlineData(false, "2001:db8::2")]
    public void IPv6_requests_come_from_the_link_local_address_or_else_from_the_global_one(bool hasLinkLocal,
        string source)
    {
        if (!hasLinkLocal)
            _linkLocal = _linkLocal.Where(static _ => false).SelectMany(static g => g).ToLookup(static _ => 0);
        Update(TestDirector.Configuration);
        _detector.CheckNow([VrfAddress.Parse("2001:db8:113::10")]);
        Assert.Equal(IPAddress.Parse(source), new IPAddress(Assert.Single(_frames.Sent).Frame.AsSpan(22, 16)));
    }

    [Fact]
    public void Server_that_answers_for_a_VIP_raises_an_alarm_and_the_VIP_is_defended()
    {
        Answer(Web1);
        Tick(1);

        var conflict = Assert.Single(_detector.Conflicts);
        Assert.Equal(("web1", VipConflicts.Server, "eth0"), (conflict.Host, conflict.Kind, conflict.Device));
        var text = VipConflicts.Describe(conflict);
        Assert.Equal([$"warning: {text}"], _log.Lines);
        Assert.Equal([text], Assert.Single(_alarms));
        Assert.Equal(FrameBytes.Arp(1, FrameBytes.Broadcast, Director, "203.0.113.10", "000000000000", "203.0.113.10"),
            Assert.Single(_frames.Sent).Frame);
        Assert.Empty(_drains.Drains);
    }

    [Fact]
    public void Repeated_conflict_is_counted_without_another_alarm()
    {
        Answer(Web1);
        Answer(Web1);
        Tick(1);
        Assert.Equal(2, Assert.Single(_detector.Conflicts).Times);
        Assert.Single(_alarms);
    }

    [Theory]
    [InlineData("020000000003", VipConflicts.Director, "10.0.0.3")]
    [InlineData(Unknown, VipConflicts.UnknownHost, null)]
    [InlineData(Router, VipConflicts.UnknownHost, null)]
    public void Conflicting_host_is_identified_by_its_Ethernet_address(string mac, string kind, string? name)
    {
        Answer(mac);
        Tick(1);
        var conflict = Assert.Single(_detector.Conflicts);
        Assert.Equal((kind, name), (conflict.Kind, conflict.Host));
    }

    [Fact]
    public void Own_frames_other_addresses_and_other_interfaces_are_ignored()
    {
        Answer(Director);
        Answer(Unknown, "192.0.2.1");
        _frames.Arrive(7, FrameBytes.Arp(2, Director, Unknown, "203.0.113.10", Director, "10.0.0.2"));
        _frames.Arrive(2, [1, 2, 3]);
        Tick(1);
        Assert.Empty(_detector.Conflicts);
        Assert.Empty(_log.Lines);
    }

    [Fact]
    public void Conflicting_server_drains_while_the_conflict_lasts_if_configured()
    {
        Update(TestDirector.With("peers:", "conflictDetection: { drain: true, defend: false }\n  peers:"));
        Answer(Web1);
        Answer(Unknown);
        Tick(1);
        Assert.Equal([new ServerDrain(RealServerKey.InDefault("web1"), DrainSource.VipConflict)], _drains.Drains);
        Assert.Empty(_frames.Sent);

        _drains.Set(RealServerKey.InDefault("web2"), DrainSource.Operator, drains: true);
        // Four rounds of a second.
        _time.Advance(TimeSpan.FromSeconds(3.9));
        Tick(1);
        Assert.Equal(2, _detector.Conflicts.Length);
        _time.Advance(TimeSpan.FromSeconds(0.2));
        Tick(1);
        Assert.Empty(_detector.Conflicts);
        Assert.Equal([new ServerDrain(RealServerKey.InDefault("web2"), DrainSource.Operator)], _drains.Drains);
        Assert.Equal(
            ["info: 02:00:00:00:00:99 no longer answers for the VIP 203.0.113.10",
            "info: web1 no longer answers for the VIP 203.0.113.10"],
            _log.Lines[2..].Order(StringComparer.Ordinal));
        Assert.Empty(_alarms[^1]);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(-1)]
    public void Step_of_the_wall_clock_ends_and_prolongs_no_conflict_and_shows_in_its_times(int hours)
    {
        Update(TestDirector.With("peers:", "conflictDetection: { drain: true, defend: false }\n  peers:"));
        Answer(Web1);
        Tick(1);
        _time.WallClockStep = TimeSpan.FromHours(hours);
        _time.Advance(TimeSpan.FromSeconds(3.9));
        Tick(1);
        Assert.Equal(TimeSpan.FromHours(hours), TimeSpan.FromHours(
            Math.Round((Assert.Single(_detector.Conflicts).Last - DateTimeOffset.UnixEpoch).TotalHours)));
        _time.Advance(TimeSpan.FromSeconds(0.2));
        Tick(1);
        Assert.Empty(_detector.Conflicts);
    }

    [Fact]
    public void Drain_lasts_while_the_server_still_answers_for_another_VIP()
    {
        Update(TestDirector.With("peers:", "conflictDetection: { drain: true }\n  peers:"));
        Answer(Web1);
        Tick(1);
        _time.Advance(TimeSpan.FromSeconds(3));
        Answer(Web1, "203.0.113.53");
        Tick(1);
        _time.Advance(TimeSpan.FromSeconds(2));
        Tick(1);
        Assert.Equal(IPAddress.Parse("203.0.113.53"), Assert.Single(_detector.Conflicts).Vip);
        Assert.Single(_drains.Drains);
    }

    /// <summary>A VIP without servers is not answered for, and may belong to another director meanwhile; never to a
    /// server.</summary>
    [Fact]
    public void Another_host_may_have_a_VIP_that_the_director_does_not_answer_for_but_a_server_may_not()
    {
        var tables =
            TestDirector.Tables with
            {
                Vips = [.. TestDirector.Tables.Vips
            .Select(static v => v with { RespondsToArp = false })]
            };
        _detector.Update(TestDirector.Effective, tables, TestDirector.NextHops);
        Answer(Unknown);
        Tick(1);
        Assert.Empty(_detector.Conflicts);
        Answer(Web1);
        Tick(1);
        Assert.Single(_detector.Conflicts);
        Assert.Empty(_frames.Sent);
    }

    [Fact]
    public void Prefixes_are_not_watched()
    {
        Update(TestDirector.With("vip: 203.0.113.53", "vip: 203.0.113.48/28"));
        _detector.CheckNow([VrfAddress.Parse("203.0.113.48"), VrfAddress.Parse("203.0.113.53")]);
        Assert.Empty(_frames.Sent);
    }

    private void Update(Configuration configuration) => _detector.Update(new EffectiveConfiguration(configuration),
        Sidestep.Forwarding.TableCompiler.Compile(configuration, TestDirector.NextHops), TestDirector.NextHops);

    private void Answer(string mac, string vip = "203.0.113.10") =>
        _frames.Arrive(2, FrameBytes.Arp(2, Director, mac, vip, Director, "10.0.0.2"));

    private void Tick(int times)
    {
        for (var i = 0; i < times; i++)
        {
            _detector.Tick();
            _time.Advance(VipConflictDetector.TickInterval);
        }
    }

    /// <summary>Targets of the ARP requests and neighbour solicitations that were sent.</summary>
    private IEnumerable<string> Requested() => _frames.Sent.Select(static s =>
        new IPAddress(s.Frame[13] == 0x06 ? s.Frame.AsSpan(38, 4) : s.Frame.AsSpan(62, 16)).ToString());
}
