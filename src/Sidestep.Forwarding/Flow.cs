using System.Globalization;
using System.Net;
using System.Text.Json.Serialization;

namespace Sidestep.Forwarding;

/// <summary>What packets of one flow have in common, seen from the client: the destination is the VIP.</summary>
/// <param name="Source">The client's address.</param>
/// <param name="Destination">The VIP, of the same family.</param>
/// <param name="Protocol">IP protocol number of the transport: behind extension headers, for IPv6.</param>
/// <param name="SourcePort">0 where the protocol has no ports, or a fragment does not show them.</param>
/// <param name="DestinationPort">Likewise.</param>
public readonly record struct Flow(
    IPAddress Source, IPAddress Destination, byte Protocol, ushort SourcePort = 0, ushort DestinationPort = 0)
{
    /// <summary>The flow that an ICMP error belongs to which quotes this one: a server's packet to its client was quoted.</summary>
    [JsonIgnore]
    public Flow Reversed => new(Destination, Source, Protocol, DestinationPort, SourcePort);

    /// <summary>For messages: without <see cref="Reversed"/>, which would have one of its own.</summary>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture,
        $"{new IPEndPoint(Source, SourcePort)} > {new IPEndPoint(Destination, DestinationPort)} protocol {Protocol}");
}
