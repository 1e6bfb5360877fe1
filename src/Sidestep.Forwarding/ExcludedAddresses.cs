using System.Collections.Immutable;
using System.Net;
using Sidestep.Packets;

namespace Sidestep.Forwarding;

/// <summary>Takes addresses of the director itself out of VIP prefixes. A configuration with such a prefix is rejected,
/// but the machine may get an address later: its packets must reach the kernel, or the director is cut off.</summary>
/// <remarks>The prefix is replaced by the prefixes that it consists of without the address. So neither engine needs a
/// rule for this. A single VIP stays: without it, its service would have no address.</remarks>
public sealed class ExcludedAddresses
{
    /// <summary>The most addresses that are excluded. Each splits a prefix of IPv6 into up to 127.</summary>
    public const int MaxAddresses = 16;

    private readonly IPAddress[] _addresses = [];
    private readonly HashSet<IPNetwork> _vips = [];

    /// <summary>Finds the addresses that VIP prefixes contain.</summary>
    /// <param name="vips">The VIPs and VIP prefixes of a configuration.</param>
    /// <param name="localAddresses">The addresses of the director's machine.</param>
    public ExcludedAddresses(IEnumerable<IPNetwork> vips, ImmutableArray<IPAddress> localAddresses)
    {
        ArgumentNullException.ThrowIfNull(vips);
        if (localAddresses.IsEmpty)
            return;
        var local = localAddresses.ToHashSet();
        var prefixes = new HashSet<IPNetwork>();
        var same = new HashSet<IPAddress>();
        foreach (var vip in vips)
        {
            _vips.Add(vip);
            if (!vip.IsSingle())
                prefixes.Add(vip);
            else if (local.Contains(vip.BaseAddress))
                same.Add(vip.BaseAddress);
        }
        VipsOfDirector = [.. localAddresses.Where(same.Contains)];
        var inPrefixes = localAddresses.Where(a => prefixes.Any(p => p.Contains(a))).ToArray();
        _addresses = inPrefixes[..Math.Min(inPrefixes.Length, MaxAddresses)];
        NotExcluded = [.. inPrefixes[_addresses.Length..]];
    }

    /// <summary>The excluded addresses, ascending.</summary>
    public IReadOnlyList<IPAddress> Excluded => _addresses;

    /// <summary>Addresses of the director that are too many to be excluded.</summary>
    public ImmutableArray<IPAddress> NotExcluded { get; } = [];

    /// <summary>Single VIPs that are addresses of the director.</summary>
    public ImmutableArray<IPAddress> VipsOfDirector { get; } = [];

    /// <summary>The VIPs without the addresses; the same array if it has none of them.</summary>
    public ImmutableArray<IPNetwork> Without(ImmutableArray<IPNetwork> vips) =>
        _addresses.Length == 0 || !vips.Any(Contains) ? vips : [.. vips.SelectMany(Without)];

    /// <summary>The prefixes of which a VIP consists without the addresses, and without those parts that belong to a
    /// narrower VIP: the longest prefix decides.</summary>
    public IEnumerable<IPNetwork> Without(IPNetwork vip)
    {
        if (!Contains(vip))
            return [vip];
        var narrower = _vips.Where(v => v.PrefixLength > vip.PrefixLength && vip.Contains(v.BaseAddress)).ToArray();
        return Parts(vip).Where(p => !narrower.Any(n => n.PrefixLength <= p.PrefixLength
            && n.Contains(p.BaseAddress)));
    }

    private IEnumerable<IPNetwork> Parts(IPNetwork prefix) => !Contains(prefix) ? [prefix]
        : Split(prefix).SelectMany(Parts);

    /// <summary>Never true for a single address: either it is no address of the director, or it stays.</summary>
    private bool Contains(IPNetwork vip) => !vip.IsSingle() && _addresses.Any(vip.Contains);

    /// <summary>The two prefixes that a prefix consists of. One that is only an address of the director is left
    /// out.</summary>
    private IEnumerable<IPNetwork> Split(IPNetwork prefix)
    {
        var length = prefix.PrefixLength + 1;
        var upper = prefix.BaseAddress.GetAddressBytes();
        upper[prefix.PrefixLength / 8] |= (byte)(0x80 >> prefix.PrefixLength % 8);
        IPNetwork[] parts = [new(prefix.BaseAddress, length), new(new IPAddress(upper), length)];
        return parts.Where(p => !p.IsSingle() || !_addresses.Contains(p.BaseAddress));
    }
}
