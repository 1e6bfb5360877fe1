using System.Globalization;
using System.Text;
using Sidestep.Agent.Input;
using Sidestep.Api;
using Sidestep.Packets;

namespace Sidestep.Agent.Windows;

/// <summary>Renders the PowerShell script that configures, verifies and restores a Windows host as a real server of
/// layer-2 DSR.</summary>
internal static class PowerShellScript
{
    private static readonly string Template = ReadTemplate();

    /// <param name="spec">The spec.</param>
    /// <param name="adapter">Name of the network adapter; null: the script uses that of the default route.</param>
    /// <param name="problems">Receives every reason why a Windows host cannot have this spec.</param>
    /// <returns>Null if there is a problem.</returns>
    public static string? Write(ServerSpec spec, string? adapter, List<Problem> problems)
    {
        var before = problems.Count;
        foreach (var service in spec.Services)
            CheckService(service, problems);
        if (spec.Services.Length == 0)
        {
            problems.Add(new Problem("--vip", "", "is missing", "Name at least one VIP, or a spec file: --spec FILE."));
        }
        if (adapter is not null && !adapter.All(IsAdapterCharacter))
        {
            problems.Add(new Problem("--adapter", adapter, "contains characters that no adapter name has",
                "Give the name that Get-NetAdapter prints."));
        }
        if (problems.Count > before)
            return null;
        var vips = spec.Services.SelectMany(static s => s.Vips).Select(static v => v.BaseAddress).Distinct();
        return Template.Replace("{{vips}}", Lines(vips.Select(static v => $"    '{v}'")), StringComparison.Ordinal)
            .Replace("{{rules}}", Lines(spec.Services.SelectMany(Rules)), StringComparison.Ordinal)
            .Replace("{{adapter}}", adapter is null ? "''" : $"'{adapter}'", StringComparison.Ordinal);
    }

    private static void CheckService(ServiceSpec service, List<Problem> problems)
    {
        var name = service.Name.Length > 0 ? service.Name : string.Join(' ', service.Vips.Select(PrefixText.Of));
        if (service.Dsr != DsrTypes.Layer2)
        {
            problems.Add(new Problem("service", name,
                $"is layer 3 ({service.Encapsulation ?? "ipip"}): Windows has nothing that removes the outer header",
                "Use a network profile with dsrType: l2 for pools with Windows servers, on the director's network."));
        }
        if (service.Protocol == "sctp")
        {
            problems.Add(new Problem("service", name, "is on SCTP, which Windows does not have",
                "Use real servers with Linux for this service."));
        }
        foreach (var vip in service.Vips.Where(static v => !v.IsSingle()))
        {
            problems.Add(new Problem("service", $"{name} {vip}", "is a prefix: Windows supports single addresses only",
                "Name each VIP."));
        }
    }

    /// <summary>Only these, so that the name cannot end the quoted string in the script.</summary>
    private static bool IsAdapterCharacter(char c) =>
        char.IsLetterOrDigit(c) || c is ' ' or '-' or '_' or '(' or ')' or '#' or '.';

    private static string Lines(IEnumerable<string> lines) => string.Join("\n", lines);

    /// <summary>The firewall of Windows blocks every port without a rule.</summary>
    private static IEnumerable<string> Rules(ServiceSpec service, int index)
    {
        var ports = service.Ports.Any(static p => p == "any") ? "Any" : string.Join("', '", service.Ports);
        var addresses = string.Join("', '", service.Vips.Select(static v => v.BaseAddress.ToString()));
        string[] protocols = service.Protocol == "any" ? ["TCP", "UDP"] : [service.Protocol.ToUpperInvariant()];
        foreach (var protocol in protocols)
        {
            yield return string.Create(CultureInfo.InvariantCulture,
                $"    @{{ Name = 'Sidestep-{index + 1}-{protocol}'; Protocol = '{protocol}'; Ports = @('{ports}'); "
                + $"Addresses = @('{addresses}') }}");
        }
    }

    private static string ReadTemplate()
    {
        using var stream = typeof(PowerShellScript).Assembly.GetManifestResourceStream("real-server.ps1")!;
        using var reader = new StreamReader(stream, Encoding.UTF8);
        return reader.ReadToEnd();
    }
}
