using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Sidestep.Agent.Input;
using Sidestep.Api;

namespace Sidestep.Agent.Running;

/// <summary>Asks directors for duties, and hands them reports. The first that answers says the duties; all get reports.</summary>
internal sealed class DirectorLink : IDisposable
{
    private static readonly TimeSpan FirstRetryDelay = TimeSpan.FromSeconds(1), MaxRetryDelay = TimeSpan.FromSeconds(30);
    private readonly List<(string Url, DirectorClient Client)> _directors;
    private readonly string _server;
    private readonly Reconciler _reconciler;
    private readonly Action<string> _log;
    private readonly CancellationTokenSource _stop = new();
    private readonly List<Task> _tasks = [];
    private readonly Dictionary<string, string> _logged = [];
    private readonly Lock _gate = new();
    private TaskCompletionSource _reportSignal = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private DirectorLink(List<(string, DirectorClient)> directors, string server, Reconciler reconciler, Action<string> log)
    {
        _directors = directors;
        _server = server;
        _reconciler = reconciler;
        _log = log;
    }

    /// <summary>Null, with problems, when what it needs cannot be used.</summary>
    public static DirectorLink? Create(RunOptions options, Reconciler reconciler, Action<string> log, List<Problem> problems)
    {
        var before = problems.Count;
        var urls = new List<Uri>();
        foreach (var text in options.Directors)
        {
            if (Uri.TryCreate(text, UriKind.Absolute, out var uri) && uri.Scheme == Uri.UriSchemeHttps)
                urls.Add(uri);
            else
                problems.Add(new Problem("--director", text, "is not the address of a director's API", "Write it as in https://10.0.0.2:7443."));
        }
        X509Certificate2? certificate = null;
        X509Certificate2Collection caCertificates = [];
        foreach (var (option, value) in new[] { ("--cert-file", options.CertFile), ("--key-file", options.KeyFile), ("--ca-file", options.CaFile) })
        {
            if (value is null)
                problems.Add(new Problem(option, "", "is missing: director and agent prove to each other who they are", "Name a file in PEM form."));
        }
        if (problems.Count > before)
            return null;
        try
        {
            certificate = X509Certificate2.CreateFromPemFile(options.CertFile!, options.KeyFile!);
        }
        catch (Exception e) when (e is CryptographicException or IOException or UnauthorizedAccessException)
        {
            problems.Add(new Problem("--cert-file", $"{options.CertFile} and {options.KeyFile}", e.Message, "Name a certificate and its key, both in PEM form."));
        }
        try
        {
            caCertificates.ImportFromPemFile(options.CaFile!);
        }
        catch (Exception e) when (e is CryptographicException or IOException or UnauthorizedAccessException)
        {
            problems.Add(new Problem("--ca-file", options.CaFile!, e.Message, "Name the certificate of the authority that the director's certificate comes from, in PEM form."));
        }
        var name = certificate?.GetNameInfo(X509NameType.SimpleName, forIssuer: false) ?? "";
        if (certificate is not null && name.Length == 0)
            problems.Add(new Problem("--cert-file", options.CertFile!, "has no common name", "Its common name must be the name of the real server in the director's configuration."));
        if (problems.Count > before)
            return null;
        return new DirectorLink([.. urls.Select(u => (u.ToString(), DirectorClient.Remote(u, certificate!, caCertificates)))], name, reconciler, log);
    }

    public void Start()
    {
        _reconciler.LastContactError = "no director has responded yet";
        _reconciler.Reported += _ =>
        {
            lock (_gate)
                _reportSignal.TrySetResult();
        };
        _tasks.Add(Task.Run(FollowSpecAsync));
        foreach (var (url, client) in _directors)
            _tasks.Add(Task.Run(() => ReportAsync(url, client)));
    }

    /// <summary>Tells every director at once what the operator wishes; what does not arrive comes with the next report.</summary>
    public void Drain(string adminState)
    {
        foreach (var (url, client) in _directors)
        {
            _ = Task.Run(async () =>
            {
                try
                {
                    await client.DrainAsync(_server, new DrainRequest(adminState), _stop.Token).ConfigureAwait(false);
                }
                catch (DirectorException e)
                {
                    LogOnce("drain " + url, e.Message);
                }
                catch (OperationCanceledException)
                {
                    // It is told by the stored wish, at the next start.
                }
            });
        }
    }

    public void Dispose()
    {
        _stop.Cancel();
        try
        {
            Task.WaitAll([.. _tasks], TimeSpan.FromSeconds(5));
        }
        catch (AggregateException e)
        {
            e.Handle(static i => i is OperationCanceledException);
        }
        foreach (var (_, client) in _directors)
            client.Dispose();
        _stop.Dispose();
    }

    private async Task FollowSpecAsync()
    {
        var index = 0;
        long? after = null;
        var retryDelay = FirstRetryDelay;
        while (!_stop.IsCancellationRequested)
        {
            var (url, client) = _directors[index];
            try
            {
                var spec = await client.GetSpecAsync(_server, after, _stop.Token).ConfigureAwait(false);
                if (_reconciler.LastContactError.Length > 0)
                {
                    _log($"{url} responds");
                    _reconciler.LastContactError = "";
                    _logged.Remove("spec");
                }
                retryDelay = FirstRetryDelay;
                if (spec is null)
                {
                    // The same as before: it waited long, or the director wants to hear now how this server is.
                    _reconciler.ReportWithin(TimeSpan.Zero);
                    continue;
                }
                after = spec.Revision;
                _reconciler.SetSpec(spec);
            }
            catch (DirectorException e)
            {
                after = null;
                LogOnce("spec", $"{e.Message}. The agent continues with its last spec.");
                if (_reconciler.LastContactError.Length == 0 || _reconciler.LastContactError.StartsWith("no director has", StringComparison.Ordinal))
                    _reconciler.LastContactError = $"{e.Message} (since {DateTimeOffset.UtcNow:u})";
                index = (index + 1) % _directors.Count;
                if (!await WaitAsync(retryDelay).ConfigureAwait(false))
                    return;
                retryDelay = retryDelay + retryDelay < MaxRetryDelay ? retryDelay + retryDelay : MaxRetryDelay;
            }
            catch (OperationCanceledException)
            {
                return;
            }
        }
    }

    private async Task ReportAsync(string url, DirectorClient client)
    {
        var retryDelay = FirstRetryDelay;
        // The marks of this director, and from which report on they hold: one may be in the making when a mark comes.
        (long Epoch, long From) current = (0, 0), next = (0, 0);
        while (!_stop.IsCancellationRequested)
        {
            try
            {
                await WaitForReportAsync().ConfigureAwait(false);
                if (_reconciler.LastReport is not { } report)
                    continue;
                if (report.Sequence >= next.From)
                    current = next;
                var response = await client.ReportAsync(_server, report with { WallClock = DateTimeOffset.UtcNow, ReportEpoch = current.Epoch }, _stop.Token).ConfigureAwait(false);
                if (response.ReportEpoch != next.Epoch)
                    next = (response.ReportEpoch, _reconciler.StartedSequence + 1);
                if (response.NextReportMilliseconds is { } delay)
                    _reconciler.ReportWithin(TimeSpan.FromMilliseconds(Math.Clamp(delay, 0, 60_000)));
                retryDelay = FirstRetryDelay;
                lock (_gate)
                    _logged.Remove("report " + url);
            }
            catch (DirectorException e)
            {
                LogOnce("report " + url, $"the director did not accept the report: {e.Message}");
                if (!await WaitAsync(retryDelay).ConfigureAwait(false))
                    return;
                retryDelay = retryDelay + retryDelay < MaxRetryDelay ? retryDelay + retryDelay : MaxRetryDelay;
            }
            catch (OperationCanceledException)
            {
                return;
            }
        }
    }

    private async Task WaitForReportAsync()
    {
        Task signal;
        lock (_gate)
            signal = _reportSignal.Task;
        await signal.WaitAsync(_stop.Token).ConfigureAwait(false);
        lock (_gate)
        {
            if (_reportSignal.Task.IsCompleted)
                _reportSignal = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        }
    }

    private async Task<bool> WaitAsync(TimeSpan time)
    {
        try
        {
            await Task.Delay(time, _stop.Token).ConfigureAwait(false);
            return true;
        }
        catch (OperationCanceledException)
        {
            return false;
        }
    }

    private void LogOnce(string about, string text)
    {
        lock (_gate)
        {
            if (_logged.GetValueOrDefault(about) == text)
                return;
            _logged[about] = text;
        }
        _log(text);
    }
}
