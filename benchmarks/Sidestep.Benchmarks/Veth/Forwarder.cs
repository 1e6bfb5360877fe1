using System.Net;

namespace Sidestep.Benchmarks.Veth;

/// <summary>Something that forwards what comes out of a cable into the same cable.</summary>
/// <param name="Name">Of the case.</param>
/// <param name="What">What it is, in words.</param>
/// <param name="Veth">Its own, or that of several cases of one director.</param>
/// <param name="Vip">What it forwards.</param>
/// <param name="Encapsulated">True: in another header. False: only the Ethernet addresses are others.</param>
/// <param name="Servers">To how many servers it spreads.</param>
internal sealed record Forwarder(string Name, string What, VethPair Veth, IPAddress Vip, bool Encapsulated, int Servers);

/// <summary>One that cannot be measured here.</summary>
/// <param name="Name">Of the case.</param>
/// <param name="Reason">Why.</param>
internal sealed record NotMeasured(string Name, string Reason);
