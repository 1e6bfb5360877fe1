using System.Net;
using System.Net.Sockets;

namespace Sidestep.Engine.Managed.Drivers;

/// <summary>A set of blackhole routes and of the rules that lead to them, with its text for the record file.
/// Immutable.</summary>
/// <param name="Routes">Destination prefixes of the routes: VIPs.</param>
/// <param name="Rules">Ingress interface and address family of the rules.</param>
internal sealed record BlackholeSet(
    IReadOnlySet<IPNetwork> Routes, IReadOnlySet<(string Interface, AddressFamily Family)> Rules)
{
    /// <summary>The set without routes and rules.</summary>
    internal static BlackholeSet Empty { get; } =
        new(new HashSet<IPNetwork>(), new HashSet<(string Interface, AddressFamily Family)>());

    /// <summary>True if there are neither routes nor rules.</summary>
    internal bool IsEmpty => Routes.Count == 0 && Rules.Count == 0;

    /// <summary>Makes a set with a route for each VIP, and a rule for each interface and each family that has a
    /// VIP.</summary>
    internal static BlackholeSet Of(IEnumerable<IPNetwork> vips, IEnumerable<string> interfaces)
    {
        var routes = vips.ToHashSet();
        var families = routes.Select(static v => v.BaseAddress.AddressFamily).Distinct().ToArray();
        return new BlackholeSet(routes, interfaces.SelectMany(i => families.Select(f => (i, f))).ToHashSet());
    }

    /// <summary>Returns a set with the routes and rules of both sets.</summary>
    internal BlackholeSet Union(BlackholeSet other) =>
        new(Routes.Union(other.Routes).ToHashSet(), Rules.Union(other.Rules).ToHashSet());

    /// <summary>The routes and rules that are not in <paramref name="other"/>.</summary>
    internal BlackholeSet Except(BlackholeSet other) =>
        new(Routes.Except(other.Routes).ToHashSet(), Rules.Except(other.Rules).ToHashSet());

    /// <summary>True if both sets have the same routes and rules.</summary>
    internal bool SetEquals(BlackholeSet other) => Routes.SetEquals(other.Routes) && Rules.SetEquals(other.Rules);

    /// <summary>The text of the set: a line <c>vip PREFIX</c> per route, a line <c>interface NAME FAMILY</c> per
    /// rule.</summary>
    internal IReadOnlyList<string> ToLines() =>
    [
        .. Routes.Select(static v => $"vip {v}"),
        .. Rules.Select(static r => $"interface {r.Interface} {r.Family}"),
    ];

    /// <summary>Parses the text of a set. Lines of any other form are ignored.</summary>
    internal static BlackholeSet Parse(IEnumerable<string> lines)
    {
        var routes = new HashSet<IPNetwork>();
        var rules = new HashSet<(string Interface, AddressFamily Family)>();
        foreach (var line in lines)
        {
            var words = line.Split(' ');
            if (words is ["vip", var prefix] && IPNetwork.TryParse(prefix, out var vip))
                routes.Add(vip);
            else if (words is ["interface", var name, nameof(AddressFamily.InterNetwork)])
                rules.Add((name, AddressFamily.InterNetwork));
            else if (words is ["interface", var name6, nameof(AddressFamily.InterNetworkV6)])
                rules.Add((name6, AddressFamily.InterNetworkV6));
        }
        return new BlackholeSet(routes, rules);
    }
}
