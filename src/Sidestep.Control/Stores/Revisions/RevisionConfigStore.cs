using System.Collections.Immutable;
using System.Net.NetworkInformation;
using System.Text.Json;
using System.Threading.Channels;
using Sidestep.Model;
using Sidestep.Model.Objects;

namespace Sidestep.Control.Stores.Revisions;

/// <summary>A store in a folder of this machine. Requests change its configuration, and each accepted configuration is
/// a revision.</summary>
public sealed class RevisionConfigStore : IWritableConfigStore, IDisposable
{
    private readonly RevisionFolder _folder;
    private readonly Func<HostInfo?> _readHost;
    private readonly Action<string> _report;
    private readonly TimeProvider _time;
    private readonly RevisionPublisher _published = new();
    private readonly SemaphoreSlim _gate = new(1);
    private readonly Channel<bool> _reloads = Channel.CreateBounded<bool>(new BoundedChannelOptions(1)
    {
        FullMode = BoundedChannelFullMode.DropWrite,
    });

    private AcceptedConfiguration? _accepted;

    /// <summary>Reads the newest revision. If it is not valid on this machine, the first published revision has its
    /// errors.</summary>
    /// <param name="folder">Where revisions are stored; at least one is.</param>
    /// <param name="readHost">Reads the interfaces and addresses of the director's machine; its result may be null:
    /// none.</param>
    /// <param name="report">Receives a problem that loses no revision.</param>
    /// <param name="time">The clock of the time stamps.</param>
    /// <exception cref="IOException">The newest revision cannot be read, or there is none.</exception>
    public RevisionConfigStore(RevisionFolder folder, Func<HostInfo?> readHost, Action<string> report,
        TimeProvider time)
    {
        ArgumentNullException.ThrowIfNull(folder);
        _folder = folder;
        _readHost = readHost;
        _report = report;
        _time = time;
        ReadNewest();
    }

    /// <inheritdoc/>
    public string Origin => _folder.Origin;

    /// <inheritdoc/>
    public ConfigRevision Current => _published.Current;

    /// <inheritdoc/>
    /// <exception cref="InvalidOperationException">The newest revision is not valid on this machine.</exception>
    public AcceptedConfiguration Accepted => Volatile.Read(ref _accepted)
        ?? throw new InvalidOperationException("The newest revision is not valid.");

    /// <inheritdoc/>
    public Func<Configuration, string?> RejectionReason { get; set; } = static _ => null;

    /// <inheritdoc/>
    public ImmutableArray<StoredRevision> Revisions => _folder.Revisions;

    /// <summary>Stores the first revision of a folder that has none.</summary>
    /// <param name="folder">The folder.</param>
    /// <param name="first">The configuration.</param>
    /// <param name="author">Who made it.</param>
    /// <param name="time">The clock of the time stamp.</param>
    /// <exception cref="IOException">It cannot be stored.</exception>
    public static void Initialize(RevisionFolder folder, Configuration first, string author, TimeProvider time)
    {
        ArgumentNullException.ThrowIfNull(folder);
        ArgumentNullException.ThrowIfNull(time);
        folder.Add(new StoredRevision(folder.NextNumber, time.GetUtcNow(), author, null, null),
            ConfigurationWriter.ToJson(first, isIndented: false));
    }

    /// <inheritdoc/>
    public Task<ConfigRevision> WaitForChangeAsync(long after, CancellationToken cancellation) =>
        _published.WaitForChangeAsync(after, cancellation);

    /// <summary>Makes <see cref="RunAsync"/> publish the newest revision again: the machine that it is validated
    /// against may have changed. Safe in a signal handler.</summary>
    public void Reload() => _reloads.Writer.TryWrite(true);

    /// <summary>Publishes the newest revision again after every <see cref="Reload"/>, until cancelled.</summary>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    public async Task RunAsync(CancellationToken cancellation)
    {
        while (true)
        {
            await _reloads.Reader.ReadAsync(cancellation).ConfigureAwait(false);
            await _gate.WaitAsync(cancellation).ConfigureAwait(false);
            try
            {
                _published.Publish(ConfigurationReader.Read(Accepted.Json, Host()));
            }
            catch (IOException e)
            {
                _published.PublishProblem(e.Message);
            }
            finally
            {
                _gate.Release();
            }
        }
    }

    /// <inheritdoc/>
    public async Task<ConfigurationChange> ChangeAsync(Func<AcceptedConfiguration, string> edit, RevisionNote? note,
        CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(edit);
        await _gate.WaitAsync(cancellation).ConfigureAwait(false);
        try
        {
            return Change(edit, note);
        }
        finally
        {
            _gate.Release();
        }
    }

    /// <inheritdoc/>
    public string? ReadConfiguration(long number) => _folder.Read(number);

    /// <inheritdoc/>
    public void Dispose() => _gate.Dispose();

    private ConfigurationChange Change(Func<AcceptedConfiguration, string> edit, RevisionNote? note)
    {
        var before = Accepted;
        var result = Read(edit(before), before);
        if (result.Configuration is not { } configuration)
            throw new RejectedConfigurationException(result.Errors);
        if (RejectionReason(configuration) is { } reason)
            throw new RejectedConfigurationException(reason);
        string json = ConfigurationWriter.ToJson(configuration, isIndented: false);
        if (json == before.Json)
        {
            // The machine may no longer be what an earlier reload complained about.
            if (note is not null && _published.Current is not { Result.Errors.IsEmpty: true })
                _published.Publish(result with { Configuration = before.Configuration });
            return new ConfigurationChange(before, before.Configuration, before.Document, [], before.Revision);
        }
        var document = Parse(json);
        configuration = UnchangedObjects.Reuse(before.Configuration, before.Document, configuration, document);
        var known = before.Warnings.Select(Identity).ToHashSet();
        ImmutableArray<ConfigurationIssue> warnings = [.. result.Warnings.Where(w => !known.Contains(Identity(w)))];
        if (note is null)
            return new ConfigurationChange(before, configuration, document, warnings, before.Revision);
        var revision = new StoredRevision(_folder.NextNumber, _time.GetUtcNow(), note.Author, note.Reason,
            note.RollbackTo);
        _folder.Add(revision, json);
        Volatile.Write(ref _accepted, new AcceptedConfiguration(revision, json, document, configuration,
            result.Warnings));
        // Its log has no use for the lines of a text that no file has.
        _published.Publish(new ConfigurationResult(configuration, [],
            [.. warnings.Select(static w => w with { Line = 0, Column = 0 })]));
        Trim();
        return new ConfigurationChange(before, configuration, document, warnings, revision)
        {
            Published = _published.Current.Number,
        };
    }

    /// <summary>Reads the edited document. What the present configuration violates too, because the machine has changed
    /// since, becomes a warning: an operator must be able to drain a server while an interface has lost its
    /// address.</summary>
    private ConfigurationResult Read(string text, AcceptedConfiguration before)
    {
        var host = Host();
        var result = ConfigurationReader.Read(text, host);
        if (result.Configuration is not null)
            return result;
        var known = ConfigurationReader.Read(before.Json, host).Errors.Select(Identity).ToHashSet();
        if (!result.Errors.All(e => known.Contains(Identity(e))))
            return result with { Errors = [.. result.Errors.Where(e => !known.Contains(Identity(e)))] };
        var withoutHost = ConfigurationReader.Read(text, null);
        return withoutHost.Configuration is null ? result
            : withoutHost with { Warnings = [.. result.Warnings, .. result.Errors] };
    }

    /// <summary>What an issue says, wherever the value is in the document now.</summary>
    private static (string? Value, string Reason) Identity(ConfigurationIssue issue) => (issue.Value, issue.Reason);

    private HostInfo? Host()
    {
        try
        {
            return _readHost();
        }
        catch (NetworkInformationException e)
        {
            throw new IOException($"the interfaces of this machine cannot be read: {e.Message}", e);
        }
    }

    private void Trim()
    {
        try
        {
            _folder.Trim();
        }
        // The next change tries again.
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            _report($"the oldest revision cannot be deleted: {e.Message}");
        }
    }

    private void ReadNewest()
    {
        if (_folder.Revisions is not [.., var newest])
            throw new IOException($"{Origin} has no revision that can be read");
        string json = _folder.Read(newest.Number)
            ?? throw new IOException($"{Origin}: revision {newest.Number} has disappeared");
        var result = ConfigurationReader.Read(json, Host());
        if (result.Configuration is { } configuration)
            _accepted = new AcceptedConfiguration(newest, json, Parse(json), configuration, result.Warnings);
        _published.Publish(result);
    }

    private static JsonElement Parse(string json)
    {
        using var document = JsonDocument.Parse(json);
        return document.RootElement.Clone();
    }
}
