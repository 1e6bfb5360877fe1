using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Sidestep.Api;
using Sidestep.Model;

namespace Sidestep.Agent.Input;

/// <summary>Turns the options of <c>apply</c> into a spec such as a director sends, or reports every reason why it
/// cannot.</summary>
internal static class OptionsReader
{
    public const string VipOption = "--vip", DirectorOption = "--director", DecapsulateOption = "--decapsulate",
        SourceOption = "--outer-source", MtuOption = "--mtu", SpecOption = "--spec";

    /// <summary>The smallest datagram that every IPv4 host must accept (RFC 791 section 3.1), bytes.</summary>
    private const int MinMtu = 576;

    /// <returns>The valid part, also after errors, so that later checks report theirs in the same run. Null: no part of
    /// a spec file is valid.</returns>
    public static ServerSpec? Read(Request request, List<Problem> problems)
    {
        if (request.SpecFile is { } file)
        {
            if (request.HasSpecOptions)
            {
                problems.Add(new Problem(SpecOption, file, "already contains everything that the other options give",
                    $"Leave out either the other options (except --interface) or {SpecOption}."));
            }
            return SpecFile.Read(file, problems);
        }
        var vips = AddressReader.Read(VipOption, request.Vips, prefixes: true, problems);
        if (request.Vips.Count == 0)
            problems.Add(new Problem(VipOption, "", "is missing", "Name at least one VIP: --vip 203.0.113.10."));
        var directors = AddressReader.Read(DirectorOption, request.Directors, prefixes: false, problems);
        var sources = AddressReader.Read(SourceOption, request.OuterSources, prefixes: true, problems);
        var encapsulations = Encapsulations(request, problems);
        CheckCombination(request, encapsulations.Count > 0, problems);
        var outerIPv6 = directors.Concat(sources).Any(
            static d => d.BaseAddress.AddressFamily == AddressFamily.InterNetworkV6);
        return new ServerSpec
        {
            Directors = [.. directors.Select(static d => d.BaseAddress)],
            Services = encapsulations.Count == 0 ? [new ServiceSpec { Vips = [.. vips] }]
                : [.. encapsulations.Select(e => Layer3(e.Name, e.Port, vips, sources, outerIPv6, request.Mtu))],
        };
    }

    private static void CheckCombination(Request request, bool isLayer3, List<Problem> problems)
    {
        if (request.Decapsulate.Count == 0
            && (request.Directors.Count > 0 || request.OuterSources.Count > 0 || request.Mtu is not null))
        {
            problems.Add(new Problem(
                request.Directors.Count > 0 ? DirectorOption
                    : request.OuterSources.Count > 0 ? SourceOption : MtuOption,
                string.Join(' ', request.Directors.Concat(request.OuterSources)),
                "has no meaning without --decapsulate: at layer 2, packets have no outer header",
                "Add --decapsulate ipip (or gue, gre) for layer-3 DSR, or leave it out."));
        }
        if (isLayer3 && request.Directors.Count + request.OuterSources.Count == 0)
        {
            problems.Add(new Problem(DecapsulateOption, string.Join(' ', request.Decapsulate),
                "needs the addresses of the directors: otherwise any host could send packets in a director's name",
                "Add --director ADDRESS for every director (the source of its outer headers), or "
                + "--outer-source PREFIX."));
        }
        if (request.Mtu is < MinMtu or > ushort.MaxValue)
        {
            problems.Add(new Problem(MtuOption, request.Mtu.Value.ToString(CultureInfo.InvariantCulture),
                "is not a valid size of an IP datagram", $"Give {MinMtu} to 65535 bytes."));
        }
    }

    private static ServiceSpec Layer3(string encapsulation, int? port, List<IPNetwork> vips, List<IPNetwork> sources,
        bool outerIPv6, int? mtu) => new()
        {
            Vips = [.. vips],
            Dsr = DsrTypes.Layer3,
            Encapsulation = encapsulation,
            GuePort = port,
            OuterSources = [.. sources],
            PathMtu = mtu is { } bytes
                ? PathMtu.Of(bytes, OuterHeaders.Bytes(encapsulation, outerIPv6)) : null,
        };

    private static List<(string Name, int? Port)> Encapsulations(Request request, List<Problem> problems)
    {
        var encapsulations = new List<(string, int?)>();
        foreach (var value in request.Decapsulate)
        {
            if (Encapsulation(value) is not { } encapsulation)
            {
                problems.Add(new Problem(DecapsulateOption, value, "is not an encapsulation that the agent knows",
                    "Give ipip, gre, gue or gue:PORT."));
            }
            else if (encapsulations.Contains(encapsulation))
                problems.Add(new Problem(DecapsulateOption, value, "is given twice", "Give it once."));
            else
                encapsulations.Add(encapsulation);
        }
        return encapsulations;
    }

    private static (string Name, int? Port)? Encapsulation(string value) => value.Split(':') switch
    {
        ["ipip" or "gre"] => (value, null),
        ["gue"] => ("gue", NetworkProfile.DefaultGuePort),
        ["gue", var port] when int.TryParse(port, NumberStyles.None, CultureInfo.InvariantCulture, out var number)
            && number is > 0 and <= ushort.MaxValue => ("gue", number),
        _ => null,
    };
}
