using System.Globalization;
using Sidestep.Forwarding;

namespace Sidestep.ConformanceTests.Cases;

/// <summary>Counters by name (<c>service web</c>, <c>drop no-service</c>); missing counters are zero.</summary>
internal sealed class NamedCounters
{
    private readonly SortedDictionary<string, Counter> _byName = new(StringComparer.Ordinal);

    /// <summary>Reads the counters of a row: name to packets and bytes.</summary>
    public static NamedCounters Read(CaseNode node)
    {
        var counts = new NamedCounters();
        foreach (var (name, value) in node.Pairs)
        {
            if (value.Items is not [var packets, var bytes])
                throw value.Wrong("packets and bytes are expected here");
            counts._byName.Add(name, new Counter((ulong)packets.Number, (ulong)bytes.Number));
        }
        return counts;
    }

    public static NamedCounters Of(EngineCounters counters)
    {
        var counts = new NamedCounters();
        foreach (var (decision, counter) in counters.Responses)
            counts._byName.Add(CounterName.Of(decision), counter);
        foreach (var (reason, counter) in counters.Drops)
            counts._byName.Add($"drop {CounterName.Of(reason)}", counter);
        foreach (var (service, counter) in counters.Services)
            counts._byName.Add($"service {service}", counter);
        foreach (var ((group, server), counter) in counters.Servers)
            counts._byName.Add($"server {group}/{server}", counter);
        return counts;
    }

    /// <summary>The difference to an earlier reading.</summary>
    public NamedCounters Since(NamedCounters before)
    {
        var counts = new NamedCounters();
        foreach (var (name, counter) in _byName)
        {
            var old = before._byName.GetValueOrDefault(name);
            counts._byName.Add(name, new Counter(counter.Packets - old.Packets, counter.Bytes - old.Bytes));
        }
        return counts;
    }

    /// <summary>Packets of the counter with this name.</summary>
    public ulong PacketsOf(string name) => _byName.GetValueOrDefault(name).Packets;

    /// <summary>Packets of all counters whose name has this prefix.</summary>
    public ulong Packets(string prefix) =>
        _byName.Where(c => c.Key.StartsWith(prefix, StringComparison.Ordinal))
            .Aggregate(0UL, static (sum, c) => sum + c.Value.Packets);

    /// <summary>Every counter that is not zero, one per line.</summary>
    public override string ToString() => string.Join('\n', _byName.Where(static c => c.Value != default).Select(
        static c => string.Create(CultureInfo.InvariantCulture,
            $"{c.Key}: {c.Value.Packets} packets, {c.Value.Bytes} bytes")));
}
