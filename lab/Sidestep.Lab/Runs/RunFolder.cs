using System.Security.Cryptography;
using System.Text.Json;
using Sidestep.Lab.Network;
using Sidestep.Lab.Processes;

namespace Sidestep.Lab.Runs;

/// <summary>A run's folder: its record, rendered files, logs and captures.</summary>
internal sealed class RunFolder
{
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web) { WriteIndented = true };

    private RunFolder(RunRecord record) => Record = record;

    public RunRecord Record { get; private set; }

    public string Id => Record.Id;

    public string Root => Path.Combine(LabPaths.Runs, Id);

    public string Captures => Path.Combine(Root, "captures");

    public NetworkNamespace Namespace(string node) => new($"{NamespacePrefix(Id)}{node}");

    public string NodeFolder(string node) => Path.Combine(Root, node);

    public string Log(string node, string service) => Path.Combine(NodeFolder(node), $"{service}.log");

    public static string NamespacePrefix(string id) => $"ss-{id}-";

    public static RunFolder Create(string topology)
    {
        var owner = ProcessIdentity.Of(Environment.ProcessId)!.Value;
        var folder = new RunFolder(new RunRecord
        {
            Id = RandomNumberGenerator.GetHexString(6, lowercase: true),
            Topology = topology,
            Owner = owner
        });
        Directory.CreateDirectory(folder.Captures);
        folder.Save(folder.Record);
        return folder;
    }

    /// <returns>Null when the folder contains no record: the lab was killed before it wrote one, and created nothing
    /// else.</returns>
    public static RunFolder? Open(string id)
    {
        var path = RecordPath(id);
        return File.Exists(path)
            ? new RunFolder(JsonSerializer.Deserialize<RunRecord>(File.ReadAllText(path), Json)!) : null;
    }

    public void Save(RunRecord record)
    {
        var path = RecordPath(Id);
        File.WriteAllText(path + ".new", JsonSerializer.Serialize(record, Json));
        File.Move(path + ".new", path, overwrite: true);
        Record = record;
    }

    public void Add(RecordedProcess process) => Save(Record with { Processes = [.. Record.Processes, process] });

    public RecordedProcess? Find(string node, string service)
        => Record.Processes.LastOrDefault(p => p.Node == node && p.Service == service);

    private static string RecordPath(string id) => Path.Combine(LabPaths.Runs, id, "run.json");
}
