// A page that uploads with Uppy 5, as docs/uploading.md says; it shows what happens, for the test to read.
import AwsS3 from '@uppy/aws-s3';
import Uppy from '@uppy/core';

const { api, token, room, cut, resume } = Object.fromEntries(new URLSearchParams(location.hash.slice(1)));
const $ = (id) => document.getElementById(id);
const show = (state) => { $('state').textContent = state; };

const MIB = 2 ** 20;
const headers = { authorization: `Bearer ${token}` };
const uppy = new Uppy({ meta: { roomId: room } })
  .use(AwsS3, {
    endpoint: `${api}/v1`,
    headers,
    shouldUseMultipart: true,
    getChunkSize: ({ size }) => Math.max(16, Math.ceil(size / 10_000 / MIB)) * MIB,
  })
  .on('file-added', (file) => {
    uppy.setFileMeta(file.id, { size: file.size });
    // Taken up where another page, or another device, left it.
    if (resume) uppy.setFileState(file.id, { s3Multipart: { uploadId: resume, key: resume } });
    show('kept');
  })
  .on('s3-multipart:part-uploaded', (_, { PartNumber }) => {
    $('parts').append(Object.assign(document.createElement('li'), { textContent: PartNumber }));
    if ($('parts').children.length === Number(cut)) { uppy.pauseAll(); show('cut'); }
  })
  .on('upload-success', (_, { uploadURL }) => show(`done ${uploadURL}`))
  .on('upload-error', (_, error) => show(`failed ${error}`));

$('file').onchange = ({ target: { files: [data] } }) => uppy.addFile({ name: data.name, type: data.type, data });
$('upload').onclick = () => uppy.upload();
