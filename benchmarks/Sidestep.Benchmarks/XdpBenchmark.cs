using System.Net;
using Sidestep.Engine.Xdp;
using Sidestep.Forwarding;
using Sidestep.Model;
using Sidestep.Native;

namespace Sidestep.Benchmarks;

/// <summary>Measures net nanoseconds per packet of the XDP program by BPF_PROG_TEST_RUN, each case beside its
/// floor.</summary>
internal static class XdpBenchmark
{
    /// <summary>Default size of the flow table.</summary>
    internal const int DefaultFlows = GroupSettings.DefaultFlowTableSize;

    private static readonly IPAddress L2Vip = Vip(1), IpIpVip = Vip(2), TransitionVip = Vip(3), TrackedVip = Vip(4),
        Ipv6Vip = IPAddress.Parse("2001:db8::80");

    private static readonly NetworkProfile L2 = new() { Name = "l2", DsrType = DsrType.L2 };
    private static readonly NetworkProfile Gue = new() { Name = "gue", Encapsulation = Encapsulation.Gue };

    private static readonly (string Suffix, uint Flows)[] Spreads = [("1flow", 0), ("100kflows", 100_000),
        ("1mflows", 1_000_000)];

    /// <summary>An engine for each kind of traffic, loaded with exactly the features that its tables need.</summary>
    private static readonly (string[] Names, Func<Floors, IEnumerable<Comparison>> Make)[] Suites =
    [
        (["pass", "l2-", "ipip-1flow", "ipip-100kflows", "ipip-1mflows"], Ipv4),
        (["ipip-transition", "ipip-tracked", "ipip-newflow"], Tracked),
        (["ip6ip6-"], Ipv6),
        (["gue-"], InUdp),
        (["ipip-10kservices"], ManyServices),
        (["all-on-"], AllFeaturesOn),
    ];

    internal static IReadOnlyList<CaseResult> Run(int rounds, int repeat, string? only)
    {
        using var harness = new Harness();
        using var floors = new Floors();
        var measurement = new Measurement(harness, floors.Pass, floors.Head, rounds, repeat);
        return [.. Suites.Where(s =>
            only is null
            || s.Names.Any(n =>
                n.Contains(only, StringComparison.Ordinal) || only.StartsWith(n, StringComparison.Ordinal)))
            .SelectMany(s => s.Make(floors))
            .Where(c => only is null || c.Name.Contains(only, StringComparison.Ordinal))
            .Select(measurement.Measure)];
    }

    private static IEnumerable<Comparison> Ipv4(Floors floors)
    {
        using var engine = Engine(BaseTables());
        using var director = engine.Program();
        var otherTraffic = Traffic.Acknowledgements(Workloads.NoVip, 100_000);
        yield return new Comparison("pass", new MeasuredProgram("", director, otherTraffic, XdpVerdict.Pass),
            new MeasuredProgram("pass", floors.Pass, otherTraffic, XdpVerdict.Pass), Bound.OverFloor(6));
        foreach (var comparison in Spread("l2", L2Vip, XdpVerdict.Tx, director, "mac-rewrite", floors.MacRewrite,
            Bound.OverFloor(8)))
            yield return comparison;
        foreach (var comparison in Spread("ipip", IpIpVip, XdpVerdict.TxLonger, director, "encapsulate",
            floors.Encapsulate, Bound.Times(1.6)))
            yield return comparison;
    }

    private static IEnumerable<Comparison> Ipv6(Floors floors)
    {
        using var engine = Engine(Workloads.Compile((Ipv6Vip, NetworkProfile.Default)));
        using var director = engine.Program();
        foreach (var comparison in Spread("ip6ip6", Ipv6Vip, XdpVerdict.TxLonger, director, "encapsulate-ipv6",
            floors.Encapsulate6, Bound.Times(1.6)))
            yield return comparison;
    }

    private static IEnumerable<Comparison> InUdp(Floors floors)
    {
        using var engine = Engine(Workloads.Compile((IpIpVip, Gue)));
        using var director = engine.Program();
        foreach (var comparison in Spread("gue", IpIpVip, XdpVerdict.TxLonger, director, "encapsulate",
            floors.Encapsulate, Bound.Times(2.2)))
            yield return comparison;
    }

    private static IEnumerable<Comparison> Tracked(Floors floors)
    {
        var baseTables = Workloads.Compile((IpIpVip, NetworkProfile.Default), (TransitionVip, NetworkProfile.Default),
            (TrackedVip, NetworkProfile.Default));
        var tables = Workloads.InTransition(Workloads.InTransition(baseTables, 1, every: 50), 2, every: 1);
        MeasuredProgram Floor(MeasuredProgram of) =>
            new("encapsulate", floors.Encapsulate, of.Traffic, XdpVerdict.TxLonger);

        using (var engine = Engine(tables))
        using (var director = engine.Program())
        {
            MeasuredProgram On(string name, IPAddress vip, uint flows) =>
                new(name, director, Traffic.Acknowledgements(vip, flows), XdpVerdict.TxLonger);
            yield return new Comparison("ipip-transition", On("", TransitionVip, 1_000_000),
                On("ipip-1mflows", IpIpVip, 1_000_000),
                Bound.OverFloor(10), WarmUp: 6_000_000);
            var tracked = On("", TrackedVip, 100_000);
            yield return new Comparison("ipip-tracked-100kflows", tracked, Floor(tracked), Bound.Net(150),
                WarmUp: 1_500_000);

            var trackedFlows = DefaultFlows; // tracked by the cases above
            void FreeFlowTable(int packets)
            {
                if ((trackedFlows += packets) <= DefaultFlows)
                    return;
                // Flows end with their servers.
                engine.Apply(baseTables with { Vips = [], Services = [], Groups = [] });
                engine.Apply(tables);
                trackedFlows = packets;
            }
            var newConnections = new MeasuredProgram("", director, Traffic.NewConnections(TrackedVip),
                XdpVerdict.TxLonger);
            yield return new Comparison("ipip-newflow", newConnections, Floor(newConnections), Bound.Net(160),
                FreeFlowTable);
        }
        // A full flow table: nearly every packet misses the CPU's caches.
        using (var engine = Engine(tables, flows: Limits.FlowTableSize))
        using (var director = engine.Program())
        {
            var all = new MeasuredProgram("", director, Traffic.Acknowledgements(TrackedVip, 1_000_000),
                XdpVerdict.TxLonger);
            yield return new Comparison("ipip-tracked-1mflows", all, Floor(all), WarmUp: 6_000_000);
        }
    }

    private static IEnumerable<Comparison> ManyServices(Floors floors)
    {
        const int Services = 10_000, Flows = 1_000_000;
        using var one = Engine(Workloads.CompileMany(1));
        using var directorOfOne = one.Program();
        var floor = new MeasuredProgram("1 service", directorOfOne,
            Traffic.Acknowledgements(Workloads.VipOf(0), Flows, 1), XdpVerdict.TxLonger);
        var traffic = Traffic.Acknowledgements(Workloads.VipOf(0), Flows, Services);
        using (var engine = Engine(Workloads.CompileMany(Services)))
        using (var director = engine.Program())
            yield return new Comparison("ipip-10kservices",
                new MeasuredProgram("", director, traffic, XdpVerdict.TxLonger), floor, Bound.OverFloor(8));
        // Slots and servers are scattered in memory then, too.
        using (var engine = Engine(Workloads.CompileMany(Services, serversOfPool: 10)))
        using (var director = engine.Program())
            yield return new Comparison("ipip-10kservices-10kpools",
                new MeasuredProgram("", director, traffic, XdpVerdict.TxLonger), floor);
    }

    private static IEnumerable<Comparison> AllFeaturesOn(Floors floors)
    {
        using var engineAllOff = Engine(BaseTables());
        using var engineAllOn = Engine(BaseTables(), all: true);
        using var allOff = engineAllOff.Program();
        using var allOn = engineAllOn.Program();
        foreach (var (name, vip, flows, verdict) in new[]
        {
            ("pass", Workloads.NoVip, 100_000U, XdpVerdict.Pass),
            ("l2-1mflows", L2Vip, 1_000_000U, XdpVerdict.Tx),
            ("ipip-1mflows", IpIpVip, 1_000_000U, XdpVerdict.TxLonger),
        })
        {
            var traffic = Traffic.Acknowledgements(vip, flows);
            yield return new Comparison($"all-on-{name}", new MeasuredProgram("", allOn, traffic, verdict),
                new MeasuredProgram($"{name}, all off", allOff, traffic, verdict));
        }
    }

    private static IEnumerable<Comparison> Spread(
        string name, IPAddress vip, XdpVerdict verdict, BpfProgram director, string floorName, BpfProgram floor,
            Bound bound)
    {
        foreach (var (suffix, flows) in Spreads)
        {
            var traffic = Traffic.Acknowledgements(vip, flows);
            yield return new Comparison($"{name}-{suffix}", new MeasuredProgram("", director, traffic, verdict),
                new MeasuredProgram(floorName, floor, traffic, verdict), bound);
        }
    }

    private static ForwardingTables BaseTables() => Workloads.Compile((L2Vip, L2), (IpIpVip, NetworkProfile.Default));

    private static XdpEngine Engine(ForwardingTables tables, bool all = false, int? flows = null)
    {
        var engine = XdpEngine.LoadDetached(allFeatures: all, flowTableSize: flows ?? DefaultFlows);
        engine.Apply(tables);
        return engine;
    }

    private static IPAddress Vip(int number) => IPAddress.Parse($"198.18.100.{number}");
}
