using System.Collections.Frozen;
using Sidestep.Model.Documents;
using Sidestep.Model.Schema;

namespace Sidestep.Model.Validation;

/// <summary>A monitor has the keys that its type requires, and no key that only other types use.</summary>
internal static class MonitorKeyRules
{
    private static readonly MonitorType[] Text = [MonitorType.Tcp, MonitorType.Udp];
    private static readonly MonitorType[] Http = [MonitorType.Http, MonitorType.Https];
    private static readonly MonitorType[] Https = [MonitorType.Https];
    private static readonly MonitorType[] Dns = [MonitorType.Dns];
    private static readonly MonitorType[] Command = [MonitorType.Command];

    private static readonly FrozenDictionary<string, MonitorType[]> Readers = new Dictionary<string, MonitorType[]>
    {
        [HealthMonitorSchema.Send.Name] = Text,
        [HealthMonitorSchema.Expect.Name] = Text,
        [HealthMonitorSchema.Path.Name] = Http,
        [HealthMonitorSchema.Host.Name] = Http,
        [HealthMonitorSchema.StatusCodes.Name] = Http,
        [HealthMonitorSchema.ExpectedText.Name] = Http,
        [HealthMonitorSchema.Tls.Name] = Https,
        [HealthMonitorSchema.CaFile.Name] = Https,
        [HealthMonitorSchema.ServerName.Name] = Https,
        [HealthMonitorSchema.Query.Name] = Dns,
        [HealthMonitorSchema.RecordType.Name] = Dns,
        [HealthMonitorSchema.ExpectedCode.Name] = Dns,
        [HealthMonitorSchema.ExpectedAddress.Name] = Dns,
        [HealthMonitorSchema.Command.Name] = Command,
        [HealthMonitorSchema.Arguments.Name] = Command,
    }.ToFrozenDictionary();

    public static void Check(ConfigurationDocument document, IssueList issues)
    {
        foreach (var monitor in document.Monitors)
        {
            if (monitor.Find(HealthMonitorSchema.Type) is not { } type)
                continue;
            foreach (var entry in ((MappingNode)monitor.Node).Entries)
            {
                if (Readers.TryGetValue(entry.Key.Text, out var readers) && !readers.Contains(type.Value))
                    issues.Error(DocumentPath.Key(monitor.Path, entry.Key.Text), entry.Key.Position,
                        IssueList.ValueOf(entry.Value),
                        $"a monitor of type {Word(type.Value)} has no such key",
                        $"Remove it, or write type: {string.Join(" or ", readers.Select(Word))}");
            }
            if (type.Value == MonitorType.Udp)
                Need(monitor, HealthMonitorSchema.Send, type.Value,
                    "UDP has no connection, so only a response to a datagram shows that the server works", issues);
            if (type.Value == MonitorType.Dns)
                Need(monitor, HealthMonitorSchema.Query, type.Value, "there is no name to query", issues);
            if (type.Value == MonitorType.Command)
                Need(monitor, HealthMonitorSchema.Command, type.Value, "there is no program to run", issues);
            if (monitor.Find(HealthMonitorSchema.Tls) is { Value: TlsCheck.Name } tls
                && monitor.Find(HealthMonitorSchema.ServerName) is null
                && monitor.Find(HealthMonitorSchema.Host) is null)
                issues.Error(tls.Path, tls.Node, "the certificate must be valid for a name, but there is no name",
                    "Add serverName or host");
        }
    }

    private static void Need(BoundMapping monitor, Key<string> key, MonitorType type, string why, IssueList issues)
    {
        // A value that was rejected was reported already.
        if (((MappingNode)monitor.Node).Entries.Any(e => e.Key.Text == key.Name))
            return;
        issues.Error(DocumentPath.Key(monitor.Path, key.Name), monitor.Node.Position, null,
            $"a monitor of type {Word(type)} must have the key {key.Name}: {why}", "Add it to this mapping");
    }

    private static string Word(MonitorType type) => type.ToString().ToLowerInvariant();
}
