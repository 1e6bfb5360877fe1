using System.Collections.Immutable;
using System.Globalization;
using System.Net;
using Sidestep.Model;
using Sidestep.Packets;

namespace Sidestep.Forwarding.Plans;

/// <summary>The VIPs and ports whose packets a service gets: those that it matches, without those that a narrower
/// service matches.</summary>
/// <param name="Vip">The VIP or VIP prefix.</param>
/// <param name="First">The first number, see <see cref="PortMap.Key"/>.</param>
/// <param name="Last">The last number, inclusive.</param>
public readonly record struct EffectivePorts(IPNetwork Vip, int First, int Last)
{
    /// <summary>The effective ports of each service, by its index in the tables.</summary>
    public static ImmutableArray<ImmutableArray<EffectivePorts>> Of(ForwardingTables tables)
    {
        var effective = tables.Services.Select(static _ => ImmutableArray.CreateBuilder<EffectivePorts>()).ToArray();
        foreach (var (vip, ports) in tables.Vips.Zip(PortMap.Of(tables).Vips))
        {
            foreach (var interval in ports.Intervals)
                effective[interval.Service].Add(new EffectivePorts(vip.Address, interval.First, interval.Last));
        }
        return [.. effective.Select(static t => t.ToImmutable())];
    }

    /// <summary>A text such as <c>198.51.100.10 tcp/80,443</c>. The same packets always give the same text, in any
    /// order of <paramref name="matches"/>.</summary>
    public static string Describe(IEnumerable<EffectivePorts> matches) => string.Join("; ", matches
        .GroupBy(static t => t.Vip)
        .OrderBy(static g => g.Key.BaseAddress, AddressComparer.Instance).ThenBy(static g => g.Key.PrefixLength)
        .Select(static g => (Vip: PrefixText.Of(g.Key), Ports: Ports(g.OrderBy(static t => t.First))))
        .GroupBy(static v => v.Ports, static v => v.Vip)
        .Select(static g => $"{string.Join(',', g)} {g.Key}"));

    /// <summary>Text of ascending intervals, protocol by protocol.</summary>
    private static string Ports(IEnumerable<EffectivePorts> intervals)
    {
        var texts = new List<string>();
        var last = -1;
        foreach (var (first, end) in intervals.SelectMany(static i => ByProtocol(i.First, i.Last)))
        {
            var protocol = first >> 16;
            if (protocol == end >> 16 && protocol == last)
                texts[^1] += $",{Range(first & 0xffff, end & 0xffff)}";
            else
                texts.Add(Word(first, end));
            last = end >> 16;
        }
        return string.Join(", ", texts);
    }

    /// <summary>Splits an interval at the limits of protocols that it covers only in part.</summary>
    private static IEnumerable<(int First, int Last)> ByProtocol(int first, int last)
    {
        if ((first & 0xffff) != 0 && first >> 16 != last >> 16)
        {
            yield return (first, first | 0xffff);
            first = (first | 0xffff) + 1;
        }
        if ((last & 0xffff) != 0xffff && first >> 16 != last >> 16)
        {
            yield return (first, (last & ~0xffff) - 1);
            first = last & ~0xffff;
        }
        yield return (first, last);
    }

    private static string Word(int first, int last)
    {
        int protocol = first >> 16, end = last >> 16;
        if (first == 0 && last == PortMap.MaxKey)
            return "any";
        if (protocol != end)
            return $"protocols {Range(protocol, end)}";
        var ports = Range(first & 0xffff, last & 0xffff);
        return PortMap.IndexOf(protocol) >= 0 ? $"{((IpProtocol)protocol).Name()}/{ports}"
            : string.Create(CultureInfo.InvariantCulture, $"protocol {protocol}") + (ports == "any" ? "" : $"/{ports}");
    }

    private static string Range(int first, int last) => first == 0 && last == ushort.MaxValue ? "any"
        : first == last ? first.ToString(CultureInfo.InvariantCulture)
        : string.Create(CultureInfo.InvariantCulture, $"{first}-{last}");
}
