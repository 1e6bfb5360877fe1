using System.Text.Json;
using System.Text.Json.Serialization;
using Sidestep.Agent.State;
using Sidestep.Model;

namespace Sidestep.Agent.Persistence;

/// <summary>Writes and removes the files of <c>--persist</c>. It records what they replaced, and the sysctls from
/// before they took effect.</summary>
/// <param name="directory">The state directory.</param>
internal sealed class PersistenceStore(string directory)
{
    private string RecordPath => Path.Combine(directory, "persistence.json");

    /// <summary>Names of the files that the agent wrote.</summary>
    public IReadOnlyList<string> Written => Load()?.Files.ConvertAll(static f => f.Path) ?? [];

    /// <summary>The value of a sysctl from before the files made it permanent; after a restart of the host, the kernel
    /// no longer has it. Null: not recorded.</summary>
    public int? Before(SysctlRecord setting) => Load()?.Sysctls
        .FirstOrDefault(s => s.InterfaceName == setting.InterfaceName && s.Key == setting.Key)?.Before;

    /// <summary>Writes the files of a plan, and removes those of the previous plan that are not in it.</summary>
    /// <remarks>The record of all files that may exist is saved first, then the files are written, then the record of
    /// those that exist is saved.</remarks>
    public void Write(PersistencePlan plan, IReadOnlyList<SysctlRecord> sysctls, HostFiles files, Action<string> log)
    {
        var earlier = Load() ?? new PersistenceRecord();
        var staying = earlier.Files.Where(e => plan.Files.Any(p => p.Path == e.Path)).ToList();
        var obsolete = earlier.Files.Except(staying).ToList();
        var record = new PersistenceRecord
        {
            Files = [.. plan.Files.Select(p =>
                staying.FirstOrDefault(k => k.Path == p.Path) ?? new FileRecord(p.Path, files.Read(p.Path)))],
            // The oldest value is the one from before the agent.
            Sysctls = [.. earlier.Sysctls, .. sysctls.Where(s =>
                !earlier.Sysctls.Exists(e => e.InterfaceName == s.InterfaceName && e.Key == s.Key))],
        };
        Save(record with { Files = [.. record.Files, .. obsolete] });
        foreach (var file in plan.Files.Where(f => files.Read(f.Path) != f.Text))
        {
            files.Write(file.Path, file.Text, file.Mode);
            log($"{file.Path}: written");
        }
        foreach (var file in obsolete)
            Restore(file, files, log);
        Save(record);
        foreach (var remark in plan.Remarks)
            log(remark);
    }

    /// <summary>Removes every file, or restores what it replaced, and deletes the record.</summary>
    /// <returns>The number of files in the record.</returns>
    public int Remove(HostFiles files, Action<string> log)
    {
        if (Load() is not { } record)
            return 0;
        foreach (var file in record.Files)
            Restore(file, files, log);
        File.Delete(RecordPath);
        return record.Files.Count;
    }

    private static void Restore(FileRecord record, HostFiles files, Action<string> log)
    {
        var now = files.Read(record.Path);
        if (now is null)
            return;
        if (!now.StartsWith(PersistencePlan.HeaderLine, StringComparison.Ordinal))
        {
            log($"{record.Path}: not changed, because another program has written it since");
            return;
        }
        if (record.Before is null)
            File.Delete(files.Path(record.Path));
        else
            files.Write(record.Path, record.Before, PlannedFile.Readable);
        log($"{record.Path}: {(record.Before is null ? "removed" : "restored")}");
    }

    private PersistenceRecord? Load()
    {
        try
        {
            return JsonSerializer.Deserialize(File.ReadAllBytes(RecordPath), PersistenceJson.Default.PersistenceRecord);
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            return null;
        }
        catch (JsonException e)
        {
            throw new AgentException($"the file {RecordPath} is damaged: {e.Message}",
                $"Delete the files that begin with '{PersistencePlan.HeaderLine}' by hand, then this one.", e);
        }
    }

    private void Save(PersistenceRecord record) => AtomicFile.Write(
        RecordPath, JsonSerializer.SerializeToUtf8Bytes(record, PersistenceJson.Default.PersistenceRecord));
}

/// <summary>Content of persistence.json.</summary>
internal sealed record PersistenceRecord
{
    public List<FileRecord> Files { get; init; } = [];

    public List<SysctlRecord> Sysctls { get; init; } = [];
}

/// <summary>A file that the agent wrote.</summary>
/// <param name="Path">Absolute name.</param>
/// <param name="Before">The content that it replaced; null: there was no file.</param>
internal sealed record FileRecord(string Path, string? Before);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, WriteIndented = true)]
[JsonSerializable(typeof(PersistenceRecord))]
internal sealed partial class PersistenceJson : JsonSerializerContext;
