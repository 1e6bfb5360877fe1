using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Sidestep.Api;
using Sidestep.Model;

namespace Sidestep.Agent.Input;

/// <summary>Turns the options of <c>apply</c> into duties, as a director would send them, or gives every reason why it cannot.</summary>
internal static class OptionsReader
{
    public const string VipOption = "--vip", DirectorOption = "--director", DecapsulateOption = "--decapsulate", SourceOption = "--outer-source",
        MtuOption = "--mtu", SpecOption = "--spec";

    private const int MinMtu = 576;

    /// <returns>What could be read, also when something else could not: so that all that is wrong is told at once. Null when
    /// nothing could.</returns>
    public static ServerSpec? Read(Request request, List<Problem> problems)
    {
        if (request.SpecFile is { } file)
        {
            if (request.Vips.Count + request.Directors.Count + request.OuterSources.Count + request.Decapsulate.Count > 0 || request.Mtu is not null)
                problems.Add(new Problem(SpecOption, file, "says all that the other options would say", $"Leave the others out, except --interface, or {SpecOption}."));
            return SpecFile.Read(file, problems);
        }
        var vips = AddressReader.Read(VipOption, request.Vips, prefixes: true, problems);
        if (request.Vips.Count == 0)
            problems.Add(new Problem(VipOption, "", "is missing", "Name at least one VIP: --vip 203.0.113.10."));
        var directors = AddressReader.Read(DirectorOption, request.Directors, prefixes: false, problems);
        var sources = AddressReader.Read(SourceOption, request.OuterSources, prefixes: true, problems);
        var encapsulations = Encapsulations(request, problems);
        if (encapsulations.Count == 0 && request.Decapsulate.Count == 0 && (request.Directors.Count > 0 || request.OuterSources.Count > 0 || request.Mtu is not null))
        {
            problems.Add(new Problem(request.Directors.Count > 0 ? DirectorOption : request.OuterSources.Count > 0 ? SourceOption : MtuOption,
                string.Join(' ', request.Directors.Concat(request.OuterSources)),
                "has no meaning without --decapsulate: at layer 2 nothing tells a director's packet from a client's, and nothing gets longer",
                "Add --decapsulate ipip (or gue, gre) for layer-3 DSR, or leave it out."));
        }
        if (encapsulations.Count > 0 && request.Directors.Count + request.OuterSources.Count == 0)
        {
            problems.Add(new Problem(DecapsulateOption, string.Join(' ', request.Decapsulate),
                "needs to know the directors: anyone else could send packets in disguise",
                "Add --director ADDRESS for every director (the source of its outer headers), or --outer-source PREFIX."));
        }
        if (request.Mtu is < MinMtu or > ushort.MaxValue)
            problems.Add(new Problem(MtuOption, request.Mtu.Value.ToString(CultureInfo.InvariantCulture), "is no size of an IP datagram", $"Give {MinMtu} to 65535 bytes."));
        var services = encapsulations.Count == 0 ? [new ServiceSpec { Vips = [.. vips] }] : encapsulations.Select(k => Service(k.Name, k.Port, vips, sources,
            directors.Concat(sources).Any(static d => d.BaseAddress.AddressFamily == AddressFamily.InterNetworkV6), request.Mtu)).ToList();
        return new ServerSpec { Directors = [.. directors.Select(static d => d.BaseAddress)], Services = [.. services] };
    }

    private static ServiceSpec Service(string encapsulation, int? port, List<IPNetwork> vips, List<IPNetwork> sources, bool outerIPv6, int? mtu)
    {
        var overhead = OuterHeaders.Bytes(encapsulation, outerIPv6);
        return new ServiceSpec
        {
            Vips = [.. vips],
            Dsr = DsrTypes.Layer3,
            Encapsulation = encapsulation,
            GuePort = port,
            OuterSources = [.. sources],
            PathMtu = mtu is { } bytes ? OuterHeaders.PathMtuOf(bytes, overhead) : null,
        };
    }

    private static List<(string Name, int? Port)> Encapsulations(Request request, List<Problem> problems)
    {
        var encapsulations = new List<(string, int?)>();
        foreach (var value in request.Decapsulate)
        {
            var (name, port) = value.Split(':') switch
            {
                [var n] => (n, n == "gue" ? NetworkProfile.DefaultGuePort : (int?)null),
                ["gue", var p] when int.TryParse(p, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number is > 0 and <= ushort.MaxValue => ("gue", number),
                _ => ("", null),
            };
            if (name is not ("ipip" or "gue" or "gre"))
                problems.Add(new Problem(DecapsulateOption, value, "is not an encapsulation that the agent knows", "There are ipip, gre, gue, and gue:PORT."));
            else if (encapsulations.Contains((name, port)))
                problems.Add(new Problem(DecapsulateOption, value, "is given twice", "Give it once."));
            else
                encapsulations.Add((name, port));
        }
        return encapsulations;
    }
}
