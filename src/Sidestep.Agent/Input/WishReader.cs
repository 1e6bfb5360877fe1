using System.Net;
using Sidestep.Agent.Host;
using Sidestep.Model;

namespace Sidestep.Agent.Input;

/// <summary>Turns options into a <see cref="Wish"/>, or gives every reason why it cannot.</summary>
internal static class WishReader
{
    private const string VipOption = "--vip", DirectorOption = "--director", DecapsulateOption = "--decapsulate";

    /// <param name="request">The options.</param>
    /// <param name="host">What they are held against.</param>
    /// <param name="beforeChange">True: a VIP where it must not be is a problem; false: a finding for the table of verify.</param>
    /// <param name="problems">Receives what is wrong.</param>
    public static Wish? Read(Request request, ServerFacts host, bool beforeChange, List<Problem> problems)
    {
        var before = problems.Count;
        var vips = AddressReader.Read(VipOption, request.Vips, problems);
        if (request.Vips.Count == 0)
            problems.Add(new Problem(VipOption, "", "is missing", "Name at least one VIP: --vip 203.0.113.10."));
        if (beforeChange)
            vips.ForEach(v => CheckVip(v, host, problems));

        var encapsulation = ReadEncapsulation(request, problems);
        var directors = AddressReader.Read(DirectorOption, request.Directors, problems);
        CheckDirectors(request, directors, vips, host, problems);
        var interfaces = InterfaceChoice.Read(request.Interfaces, host, encapsulation is not null, problems);
        return problems.Count > before
            ? null
            : new Wish { Vips = vips, Interfaces = interfaces, Encapsulation = encapsulation, Directors = directors };
    }

    private static void CheckVip(IPAddress vip, ServerFacts host, List<Problem> problems)
    {
        foreach (var address in host.Addresses.Where(a => a.Address.Equals(vip)))
        {
            var name = host.NameOf(address.InterfaceIndex);
            if (!host.IsLoopback(address.InterfaceIndex))
            {
                problems.Add(new Problem(VipOption, vip.ToString(),
                    $"is an address of {name}, where the server would answer ARP for it in the director's place",
                    $"If it is the server's own address, give the VIP instead; if it is the VIP, remove it there: ip address del {vip}/{address.PrefixLength} dev {name}"));
            }
            else if (address.PrefixLength != 32)
            {
                problems.Add(new Problem(VipOption, vip.ToString(),
                    $"is on {name} as /{address.PrefixLength}, which makes every address of that network local to this server",
                    $"Remove it: ip address del {vip}/{address.PrefixLength} dev {name}"));
            }
        }
    }

    private static Encapsulation? ReadEncapsulation(Request request, List<Problem> problems)
    {
        switch (request.Decapsulate)
        {
            case null:
                if (request.Directors.Count > 0)
                {
                    problems.Add(new Problem(DirectorOption, string.Join(' ', request.Directors),
                        "has no meaning without --decapsulate: at layer 2 nothing tells a director's packet from a client's",
                        "Add --decapsulate ipip for layer-3 DSR, or leave --director out."));
                }
                return null;
            case "ipip":
                if (request.Directors.Count == 0)
                {
                    problems.Add(new Problem(DecapsulateOption, request.Decapsulate,
                        "needs to know the directors: anyone else could send packets in disguise",
                        "Add --director ADDRESS for every director (the source of its outer headers)."));
                }
                return Encapsulation.IpIp;
            default:
                problems.Add(new Problem(DecapsulateOption, request.Decapsulate, "is not an encapsulation that the agent knows",
                    "So far there is ipip."));
                return null;
        }
    }

    private static void CheckDirectors(Request request, List<IPAddress> directors, List<IPAddress> vips, ServerFacts host, List<Problem> problems)
    {
        foreach (var director in directors)
        {
            if (vips.Contains(director))
            {
                problems.Add(new Problem(DirectorOption, director.ToString(), "is one of the VIPs",
                    "Give the director's own address, the source of its outer headers."));
            }
            else if (host.Addresses.FirstOrDefault(a => a.Address.Equals(director)) is { } local)
            {
                problems.Add(new Problem(DirectorOption, director.ToString(), $"is an address of this server ({host.NameOf(local.InterfaceIndex)})",
                    "Give the director's address; a director that is its own real server is not supported."));
            }
        }
    }
}
