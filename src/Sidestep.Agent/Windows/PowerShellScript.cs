using System.Globalization;
using System.Text;
using Sidestep.Agent.Input;
using Sidestep.Api;

namespace Sidestep.Agent.Windows;

/// <summary>Writes a PowerShell script that makes a Windows host a real server of layer-2 DSR, verifies it, and takes it back.</summary>
internal static class PowerShellScript
{
    /// <summary>Null, with every reason, when Windows cannot do what the duties ask for.</summary>
    public static string? Write(ServerSpec spec, string? adapter, List<Problem> problems)
    {
        var before = problems.Count;
        foreach (var service in spec.Services)
        {
            var name = service.Name.Length > 0 ? service.Name : string.Join(' ', service.Vips.Select(PrefixText.Of));
            if (service.Dsr != DsrTypes.Layer2)
            {
                problems.Add(new Problem("service", name, $"is layer 3 ({service.Encapsulation ?? "ipip"}): Windows has nothing that takes the outer header off",
                    "Use a network profile with dsrType: l2 for pools with Windows servers, on the director's own network."));
            }
            foreach (var vip in service.Vips.Where(static v => !PrefixText.IsSingle(v)))
                problems.Add(new Problem("service", $"{name} {vip}", "is a prefix: Windows has single addresses only", "Name each VIP."));
        }
        if (spec.Services.Length == 0)
            problems.Add(new Problem("--vip", "", "is missing", "Name at least one VIP, or a file of duties: --spec FILE."));
        if (adapter is not null && !adapter.All(static c => char.IsLetterOrDigit(c) || c is ' ' or '-' or '_' or '(' or ')' or '#' or '.'))
            problems.Add(new Problem("--adapter", adapter, "has characters that are in no adapter's name", "Take the name that Get-NetAdapter prints."));
        if (problems.Count > before)
            return null;
        var vips = spec.Services.SelectMany(static s => s.Vips).Select(static v => v.BaseAddress).Distinct().ToList();
        return Template.Replace("{{vips}}", Lines(vips.Select(static v => $"    '{v}'")), StringComparison.Ordinal)
            .Replace("{{rules}}", Lines(spec.Services.SelectMany((s, i) => Rules(s, i))), StringComparison.Ordinal)
            .Replace("{{adapter}}", adapter is null ? "''" : $"'{adapter}'", StringComparison.Ordinal);
    }

    private static string Lines(IEnumerable<string> lines) => string.Join("\n", lines);

    /// <summary>Windows' firewall lets nothing in that it is not told of.</summary>
    private static IEnumerable<string> Rules(ServiceSpec service, int number)
    {
        var ports = service.Ports.Any(static p => p == "any") ? "Any" : string.Join("', '", service.Ports);
        var addresses = string.Join("', '", service.Vips.Select(static v => v.BaseAddress.ToString()));
        foreach (var protocol in service.Protocol == "any" ? new[] { "TCP", "UDP" } : [service.Protocol.ToUpperInvariant()])
        {
            yield return string.Create(CultureInfo.InvariantCulture,
                $"    @{{ Name = 'Sidestep-{number + 1}-{protocol}'; Protocol = '{protocol}'; Ports = @('{ports}'); Addresses = @('{addresses}') }}");
        }
    }

    private static readonly string Template = Read();

    private static string Read()
    {
        using var stream = typeof(PowerShellScript).Assembly.GetManifestResourceStream("real-server.ps1")!;
        using var reader = new StreamReader(stream, Encoding.UTF8);
        return reader.ReadToEnd();
    }
}
