using System.Net;
using Sidestep.Engine.Xdp;
using Sidestep.Forwarding;
using Sidestep.Model;
using Sidestep.Native;

namespace Sidestep.Benchmarks;

/// <summary>Net nanoseconds per packet of the XDP program by BPF_PROG_TEST_RUN, and what each case is compared with.</summary>
internal static class XdpBenchmark
{
    /// <summary>How many flows a director remembers when its configuration says nothing.</summary>
    internal static readonly int DefaultFlows = new DirectorSettings { Interfaces = [], HashKey = Workloads.Key }.RememberedFlows;

    private static readonly IPAddress L2Vip = Vip(1), IpIpVip = Vip(2), PartVip = Vip(3), TrackedVip = Vip(4),
        Ipv6Vip = IPAddress.Parse("2001:db8::80");

    private static readonly NetworkProfile L2 = new() { Name = "l2", DsrType = DsrType.L2 };
    private static readonly NetworkProfile Gue = new() { Name = "gue", Encapsulation = Encapsulation.Gue };

    private static readonly (string Suffix, uint Flows)[] Spreads = [("1flow", 0), ("100kflows", 100_000), ("1mflows", 1_000_000)];

    /// <summary>An engine for each kind of traffic, loaded for what its tables need and nothing else.</summary>
    private static readonly (string[] Names, Func<Floors, IEnumerable<Comparison>> Make)[] Suites =
    [
        (["pass", "l2-", "ipip-1flow", "ipip-100kflows", "ipip-1mflows"], Ipv4),
        (["ipip-transition", "ipip-tracked", "ipip-newflow"], Remembered),
        (["ip6ip6-"], Ipv6),
        (["gue-"], InUdp),
        (["ipip-10kservices"], ManyServices),
        (["all-on-"], EverythingOn),
    ];

    internal static IReadOnlyList<CaseResult> Run(int rounds, int repeat, string? only)
    {
        using var harness = new Harness();
        using var floors = new Floors();
        var measurement = new Measurement(harness, floors.Pass, floors.Head, rounds, repeat);
        return [.. Suites.Where(s => only is null || s.Names.Any(n => n.Contains(only, StringComparison.Ordinal) || only.StartsWith(n, StringComparison.Ordinal)))
            .SelectMany(s => s.Make(floors))
            .Where(c => only is null || c.Name.Contains(only, StringComparison.Ordinal))
            .Select(measurement.Measure)];
    }

    private static IEnumerable<Comparison> Ipv4(Floors floors)
    {
        using var engine = Engine(PlainTables());
        using var director = engine.Program();
        var stranger = Traffic.Acknowledgements(Workloads.NoVip, 100_000);
        yield return new Comparison("pass", new Side("", director, stranger, Ending.Passed),
            new Side("pass", floors.Pass, stranger, Ending.Passed), Bound.OverFloor(6));
        foreach (var comparison in Spread("l2", L2Vip, Ending.Sent, director, "mac-rewrite", floors.MacRewrite, Bound.OverFloor(8)))
            yield return comparison;
        foreach (var comparison in Spread("ipip", IpIpVip, Ending.Lengthened, director, "encapsulate", floors.Encapsulate, Bound.Times(1.6)))
            yield return comparison;
    }

    private static IEnumerable<Comparison> Ipv6(Floors floors)
    {
        using var engine = Engine(Workloads.Compile((Ipv6Vip, NetworkProfile.Default)));
        using var director = engine.Program();
        foreach (var comparison in Spread("ip6ip6", Ipv6Vip, Ending.Lengthened, director, "encapsulate-ipv6", floors.Encapsulate6, Bound.Times(1.6)))
            yield return comparison;
    }

    private static IEnumerable<Comparison> InUdp(Floors floors)
    {
        using var engine = Engine(Workloads.Compile((IpIpVip, Gue)));
        using var director = engine.Program();
        foreach (var comparison in Spread("gue", IpIpVip, Ending.Lengthened, director, "encapsulate", floors.Encapsulate, Bound.Times(2.2)))
            yield return comparison;
    }

    private static IEnumerable<Comparison> Remembered(Floors floors)
    {
        var plain = Workloads.Compile((IpIpVip, NetworkProfile.Default), (PartVip, NetworkProfile.Default), (TrackedVip, NetworkProfile.Default));
        var tables = Workloads.InTransition(Workloads.InTransition(plain, 1, every: 50), 2, every: 1);
        Side Floor(Side of) => new("encapsulate", floors.Encapsulate, of.Traffic, Ending.Lengthened);

        using (var engine = Engine(tables))
        using (var director = engine.Program())
        {
            Side On(string name, IPAddress vip, uint flows) => new(name, director, Traffic.Acknowledgements(vip, flows), Ending.Lengthened);
            yield return new Comparison("ipip-transition", On("", PartVip, 1_000_000), On("ipip-1mflows", IpIpVip, 1_000_000),
                Bound.OverFloor(10), WarmUp: 6_000_000);
            var tracked = On("", TrackedVip, 100_000);
            yield return new Comparison("ipip-tracked-100kflows", tracked, Floor(tracked), Bound.Net(150), WarmUp: 1_500_000);

            var taken = DefaultFlows; // by the cases above
            void MakeRoom(int packets)
            {
                if ((taken += packets) <= DefaultFlows)
                    return;
                // Flows are forgotten with their servers.
                engine.Apply(plain with { Vips = [], Services = [], Groups = [] });
                engine.Apply(tables);
                taken = packets;
            }
            var fresh = new Side("", director, Traffic.NewConnections(TrackedVip), Ending.Lengthened);
            yield return new Comparison("ipip-newflow", fresh, Floor(fresh), Bound.Net(160), MakeRoom);
        }
        // As many as there can be, in a table for as many: nearly every packet misses the caches.
        using (var engine = Engine(tables, flows: Limits.RememberedFlows))
        using (var director = engine.Program())
        {
            var all = new Side("", director, Traffic.Acknowledgements(TrackedVip, 1_000_000), Ending.Lengthened);
            yield return new Comparison("ipip-tracked-1mflows", all, Floor(all), WarmUp: 6_000_000);
        }
    }

    private static IEnumerable<Comparison> ManyServices(Floors floors)
    {
        const int Services = 10_000, Flows = 1_000_000;
        using var one = Engine(Workloads.CompileMany(1));
        using var directorOfOne = one.Program();
        var floor = new Side("1 service", directorOfOne, Traffic.Acknowledgements(Workloads.VipOf(0), Flows, 1), Ending.Lengthened);
        var traffic = Traffic.Acknowledgements(Workloads.VipOf(0), Flows, Services);
        using (var engine = Engine(Workloads.CompileMany(Services)))
        using (var director = engine.Program())
            yield return new Comparison("ipip-10kservices", new Side("", director, traffic, Ending.Lengthened), floor, Bound.OverFloor(8));
        // Slots and servers are then all over the memory, too.
        using (var engine = Engine(Workloads.CompileMany(Services, serversOfPool: 10)))
        using (var director = engine.Program())
            yield return new Comparison("ipip-10kservices-10kpools", new Side("", director, traffic, Ending.Lengthened), floor);
    }

    private static IEnumerable<Comparison> EverythingOn(Floors floors)
    {
        using var off = Engine(PlainTables());
        using var on = Engine(PlainTables(), all: true);
        using var without = off.Program();
        using var with = on.Program();
        foreach (var (name, vip, flows, ends) in new[]
        {
            ("pass", Workloads.NoVip, 100_000U, Ending.Passed),
            ("l2-1mflows", L2Vip, 1_000_000U, Ending.Sent),
            ("ipip-1mflows", IpIpVip, 1_000_000U, Ending.Lengthened),
        })
        {
            var traffic = Traffic.Acknowledgements(vip, flows);
            yield return new Comparison($"all-on-{name}", new Side("", with, traffic, ends), new Side($"{name}, all off", without, traffic, ends));
        }
    }

    private static IEnumerable<Comparison> Spread(
        string name, IPAddress vip, Ending ends, BpfProgram director, string floorName, BpfProgram floor, Bound bound)
    {
        foreach (var (suffix, flows) in Spreads)
        {
            var traffic = Traffic.Acknowledgements(vip, flows);
            yield return new Comparison($"{name}-{suffix}", new Side("", director, traffic, ends), new Side(floorName, floor, traffic, ends), bound);
        }
    }

    private static ForwardingTables PlainTables() => Workloads.Compile((L2Vip, L2), (IpIpVip, NetworkProfile.Default));

    private static XdpEngine Engine(ForwardingTables tables, bool all = false, int? flows = null)
    {
        var engine = XdpEngine.LoadDetached(all: all, rememberedFlows: flows ?? DefaultFlows);
        engine.Apply(tables);
        return engine;
    }

    private static IPAddress Vip(int number) => IPAddress.Parse($"198.18.100.{number}");
}
