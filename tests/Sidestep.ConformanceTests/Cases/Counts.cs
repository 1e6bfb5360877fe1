using System.Globalization;
using Sidestep.Forwarding;

namespace Sidestep.ConformanceTests.Cases;

/// <summary>Counters by a readable name (<c>service web</c>, <c>drop no-service</c>); what is missing is zero.</summary>
internal sealed class Counts
{
    private readonly SortedDictionary<string, Tally> _byName = new(StringComparer.Ordinal);

    /// <summary>From a row: name to packets and bytes.</summary>
    public static Counts Read(CaseNode node)
    {
        var counts = new Counts();
        foreach (var (name, value) in node.Pairs)
        {
            if (value.Items is not [var packets, var bytes])
                throw value.Wrong("packets and bytes are expected here");
            counts._byName.Add(name, new Tally((ulong)packets.Number, (ulong)bytes.Number));
        }
        return counts;
    }

    public static Counts Of(EngineCounters counters)
    {
        var counts = new Counts();
        foreach (var (decision, tally) in counters.Answers)
            counts._byName.Add(Kebab.Of(decision), tally);
        foreach (var (reason, tally) in counters.Drops)
            counts._byName.Add($"drop {Kebab.Of(reason)}", tally);
        foreach (var (service, tally) in counters.Services)
            counts._byName.Add($"service {service}", tally);
        foreach (var ((group, server), tally) in counters.Servers)
            counts._byName.Add($"server {group}/{server}", tally);
        return counts;
    }

    /// <summary>What was added since <paramref name="before"/>.</summary>
    public Counts Since(Counts before)
    {
        var counts = new Counts();
        foreach (var (name, tally) in _byName)
        {
            var old = before._byName.GetValueOrDefault(name);
            counts._byName.Add(name, new Tally(tally.Packets - old.Packets, tally.Bytes - old.Bytes));
        }
        return counts;
    }

    /// <summary>Packets of what has this very name.</summary>
    public ulong PacketsOf(string name) => _byName.GetValueOrDefault(name).Packets;

    /// <summary>Packets of everything whose name begins so.</summary>
    public ulong Packets(string prefix) =>
        _byName.Where(c => c.Key.StartsWith(prefix, StringComparison.Ordinal)).Aggregate(0UL, static (sum, c) => sum + c.Value.Packets);

    /// <summary>Every counter that is not zero, one per line.</summary>
    public override string ToString() => string.Join('\n', _byName.Where(static c => c.Value != default).Select(
        static c => string.Create(CultureInfo.InvariantCulture, $"{c.Key}: {c.Value.Packets} packets, {c.Value.Bytes} bytes")));
}
