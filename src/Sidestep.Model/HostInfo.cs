using System.Collections.Immutable;
using System.Net;
using System.Net.NetworkInformation;
using System.Net.Sockets;

namespace Sidestep.Model;

/// <summary>The interfaces and addresses of the director's machine, which a configuration is checked against.</summary>
/// <param name="Interfaces">All interfaces, <c>lo</c> included: a VIP on the director's loopback interface is a
/// frequent mistake.</param>
public sealed record HostInfo(ImmutableArray<HostInterface> Interfaces)
{
    /// <summary>Reads the interfaces of the network namespace of this process.</summary>
    /// <exception cref="NetworkInformationException">The kernel did not return the list of interfaces.</exception>
    public static HostInfo OfThisMachine()
    {
        var interfaces = ImmutableArray.CreateBuilder<HostInterface>();
        foreach (var adapter in NetworkInterface.GetAllNetworkInterfaces())
        {
            var properties = adapter.GetIPProperties();
            var addresses = ImmutableArray.CreateBuilder<HostAddress>();
            foreach (var unicast in properties.UnicastAddresses)
                addresses.Add(new HostAddress(unicast.Address, unicast.PrefixLength));
            interfaces.Add(new HostInterface(adapter.Name, addresses.ToImmutable())
            {
                Gateways = [.. properties.GatewayAddresses.Select(static g => g.Address)],
            });
        }
        return new HostInfo(interfaces.ToImmutable());
    }

    /// <summary>The interface of that name; null if there is none.</summary>
    public HostInterface? Find(string name) => Interfaces.FirstOrDefault(i => i.Name == name);
}

/// <summary>One interface of the director's machine.</summary>
/// <param name="Name">The kernel's name.</param>
/// <param name="Addresses">Its IPv4 and IPv6 addresses.</param>
public sealed record HostInterface(string Name, ImmutableArray<HostAddress> Addresses)
{
    /// <summary>The routers of its default routes.</summary>
    public ImmutableArray<IPAddress> Gateways { get; init; } = [];
}

/// <summary>An address of an interface and the length of its network prefix.</summary>
/// <param name="Address">The machine's own address.</param>
/// <param name="PrefixLength">Leading bits that all hosts of the link share: 0 to 32 (IPv4) or 128 (IPv6).</param>
public sealed record HostAddress(IPAddress Address, int PrefixLength)
{
    /// <summary>True if <paramref name="other"/> is in the network of this address; false for the other address
    /// family.</summary>
    public bool IsOnLink(IPAddress other)
    {
        ArgumentNullException.ThrowIfNull(other);
        return other.AddressFamily == Address.AddressFamily && Network.Contains(other);
    }

    /// <summary>The network: the address with its host bits cleared.</summary>
    public IPNetwork Network
    {
        get
        {
            var bytes = Address.GetAddressBytes();
            for (int bit = PrefixLength; bit < bytes.Length * 8; bit++)
                bytes[bit / 8] &= (byte)~(0x80 >> (bit % 8));
            // The constructor from bytes drops the scope id, which a network has not.
            return new IPNetwork(new IPAddress(bytes), PrefixLength);
        }
    }

    internal bool IsIPv4 => Address.AddressFamily == AddressFamily.InterNetwork;
}
